from __future__ import annotations

from textual.app import App, ComposeResult

from localai.conversation import assistant, user
from localai.store.rows import StoredMessage
from tests.tui.stage import until
from tui.transcript.item import Growth, Item
from tui.widgets.transcript_input import Transcript


def row(number: int, text: str = "") -> StoredMessage:
    text = text or f"message {number}"
    message = assistant(text) if number % 2 else user(text)
    return StoredMessage(f"id{number}", "c", "", message, "done", 0.0)


def uneven(count: int) -> list[Item]:
    """Messages whose heights no estimate gets right."""
    return [Item(row(i, f"message {i}" + "\n\n- x" * (i % 7))) for i in range(count)]


class TranscriptApp(App[None]):
    CSS = "Transcript { overflow-y: scroll; }"

    def compose(self) -> ComposeResult:
        yield Transcript()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @property
    def lines(self) -> list[str]:
        transcript = self.transcript
        return [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


async def test_a_conversation_opens_at_its_end() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.set_items(uneven(500))
        await until(pilot, lambda: "message 499" in app.text)
        assert app.transcript.follow


async def test_every_message_is_reached_by_scrolling_up_page_by_page() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.set_items(uneven(60))
        app.transcript.focus()
        seen: set[str] = set()
        for _ in range(200):
            await pilot.pause()
            seen |= {word for line in app.lines for word in [line.strip("▌▎ ")]}
            if app.transcript.scroll_y == 0:
                break
            await pilot.press("pageup")
        assert {f"message {i}" for i in range(60)} <= seen


async def test_scrolling_by_a_line_moves_by_a_line_among_guessed_heights() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.set_items(uneven(300))
        app.transcript.focus()
        app.transcript.scroll_to(y=700, animate=False)
        await pilot.pause()
        for _ in range(25):
            before = app.lines
            await pilot.press("up")
            await pilot.pause()
            assert app.lines[1:] == before[:-1]


async def test_home_and_end_reach_the_ends() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.set_items(uneven(2000))
        app.transcript.focus()
        await pilot.press("home")
        await until(pilot, lambda: "message 0" in app.lines[0])
        await pilot.press("end")
        await until(pilot, lambda: "message 1999" in app.text)


async def test_growing_text_is_followed_until_the_reader_scrolls_up() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 10)) as pilot:
        transcript = app.transcript
        transcript.set_items(uneven(20))
        growing = Item(row(21, " "), growth=Growth("Thinking"))
        transcript.add(growing)
        for number in range(30):
            growing.grow(f"line {number}\n\n", "", Growth())
            transcript.changed(20)
        await until(pilot, lambda: "line 29" in app.text)
        transcript.focus()
        await pilot.press("pageup")
        await pilot.pause()
        before = app.lines
        growing.grow("line 30\n\n", "", Growth())
        transcript.changed(20)
        await pilot.pause()
        assert app.lines == before
        await pilot.press("end")
        await until(pilot, lambda: "line 30" in app.text)


async def test_what_is_read_stays_in_place_when_the_width_changes() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.set_items(uneven(300))
        app.transcript.focus()
        app.transcript.scroll_to(y=500, animate=False)
        await pilot.pause()
        top = app.transcript.item_at(0)
        await pilot.resize_terminal(90, 20)
        await until(pilot, lambda: app.transcript.painter.width > 80)
        await pilot.pause()
        assert top is not None
        assert app.transcript.item_at(0) is not None
        assert app.transcript.item_at(0)[0] == top[0]  # type: ignore[index]


async def test_messages_are_chosen_by_key() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.set_items(uneven(6))
        app.transcript.focus()
        await until(pilot, lambda: app.transcript.cursor == 5)
        await pilot.press("k", "k")
        chosen = app.transcript.chosen
        assert chosen is not None
        assert chosen.row.id == "id3"
        await pilot.press("k")
        assert app.transcript.cursor == 2
        assert app.transcript.chosen is not None
        assert app.transcript.chosen.row.id == "id3"


async def test_reasoning_unfolds_by_key_and_by_mouse() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        stored = StoredMessage("a", "c", "", assistant("so", "because"), "done", 0.0)
        app.transcript.set_items([Item(stored)])
        app.transcript.focus()
        await until(pilot, lambda: "▸ Reasoning" in app.text)
        assert "because" not in app.text
        await pilot.press("o")
        assert "because" in app.text
        y = next(i for i, line in enumerate(app.lines) if "Reasoning" in line)
        await pilot.click(Transcript, offset=(4, y))
        await until(pilot, lambda: "because" not in app.text)


async def test_text_selected_with_the_mouse_is_what_is_seen() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.set_items([Item(row(1, "alpha beta")), Item(row(3, "gamma delta"))])
        await until(pilot, lambda: "gamma" in app.text)
        y = next(i for i, line in enumerate(app.lines) if "gamma" in line)
        await pilot.mouse_down(Transcript, offset=(2, y))
        await pilot.hover(Transcript, offset=(6, y))
        await pilot.mouse_up(Transcript, offset=(6, y))
        await pilot.pause()
        assert app.screen.get_selected_text() == "gamma"


async def test_hostile_text_reaches_neither_screen_nor_markup() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        hostile = "[bold]x[/bold] \x1b]52;c;aGk=\x07\x9b31m end"
        app.transcript.set_items([Item(row(0, hostile)), Item(row(1, hostile))])
        await until(pilot, lambda: "end" in app.text)
        assert app.text.count("[bold]x[/bold]") == 2
        assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 for c in app.text)
