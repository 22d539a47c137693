"""Names that nobody has: made of syllables, in another style for each pool."""

from __future__ import annotations

import random

import msgspec

from localai.evals.task import Pool


class Style(msgspec.Struct, frozen=True):
    """The sounds that names are made of, each list split at its spaces."""

    begin: str
    vowel: str
    middle: str
    end: str

    def name(self, draw: random.Random) -> str:
        """A name of two to four syllables, in small letters."""
        made = draw.choice(self.begin.split())
        for _ in range(draw.randint(1, 2)):
            made += draw.choice(self.vowel.split()) + draw.choice(self.middle.split())
        return made + draw.choice(self.end.split())


STYLES: dict[Pool, tuple[Style, ...]] = {
    "train": (
        Style("v m l s c t f", "a e o i", "r l n v m d", "ano ella ora ese ino anta"),
        Style("br sk th h gr str fj", "o a u y", "rn ld lm ng ss rk", "und vik gard heim sen mar"),
        Style("zl dr kr v pr m b", "a o u e", "v z b sk d m", "inka ovic esh una ynsk ora"),
        Style("qu x p t ch n m", "a i u", "tl c p x n ch", "oatl apa ica umal uxi"),
        Style("w tr bl fl sh p cr", "i e u ou", "mb bb ddl zz nk pp", "le er op ish ock et"),
    ),
    "dev": (
        Style("ph ps kal the lys", "a e o ei", "nt st kr d m", "akis opos eia oros ene"),
        Style("j sj v d b", "ee oo ij a", "l d k v m", "stra ema inga ink"),
    ),
    "gate": (
        Style("tad esp b g j r ald", "e a i o", "w rr lh nd g", "ald eira elho ondo ura"),
        Style("gw ll c tr rh pen", "y e a w", "dd nn rth wr gl", "ydd anwy ock eth ion"),
        Style("k h m p t wai", "a o ua ei", "k l h n m", "ani uko alea oha imu"),
        Style("oz y k s il b", "a u o i", "gd lt rm y k sh", "anbek ural emir oglu tai"),
        Style("ad ob ny z m ch", "e a o", "nd mb k b ng", "ekwe ata uli onde isi"),
    ),
}


def name(pool: Pool, draw: random.Random) -> str:
    """A name in one of the styles of the pool, in small letters."""
    while True:
        found = draw.choice(STYLES[pool]).name(draw)
        if len(found) >= 6:
            return found
