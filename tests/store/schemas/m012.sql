-- What the twelfth shipped schema added, with rows of every kind; runs after m011.sql.
-- Never changed: later migrations start from it.

CREATE TABLE rounds (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        result TEXT NOT NULL,
        PRIMARY KEY (run, number)
    ) STRICT;
CREATE TABLE attempts (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        round INTEGER NOT NULL,
        problem TEXT NOT NULL,
        sample INTEGER NOT NULL,
        hash TEXT NOT NULL,
        outcome TEXT NOT NULL,
        told TEXT NOT NULL,
        PRIMARY KEY (run, round, problem, sample)
    ) STRICT;

PRAGMA user_version=12;

INSERT INTO rounds (run, number, result) VALUES
    ('01K00000000000000000000R01', 1, '{"run":"01K00000000000000000000R01","number":1,"asked":1,"samples":2,"pass_1":0.5,"pass_n":1.0,"tokens_per_right":4.0,"kept":1,"dropped":{"wrong":1},"seconds":2.5,"temperature":1.0,"dev":null,"dev_n":0,"dev_tokens_per_right":null}');
INSERT INTO attempts (run, round, problem, sample, hash, outcome, told) VALUES
    ('01K00000000000000000000R01', 1, 'train-sums-1', 0, 'cdedb4b5fd562a8228b3164cb3d9898181f6ae560889d0cba03cc25566645de9', 'kept', '{"problem":"train-sums-1","sample":0,"kind":"sums","level":1,"question":"What is 2 + 3?","text":"5","ids":[1,2,3,7,2],"spans":[[3,5]],"tokens":2,"logprob":-0.5,"right":true,"outcome":"kept"}'),
    ('01K00000000000000000000R01', 1, 'train-sums-1', 1, '3e6911ecf6eeed26143099de3ffbc53641c055f5919d0ee875b89bb9c31b70aa', 'wrong', '{"problem":"train-sums-1","sample":1,"kind":"sums","level":1,"question":"What is 2 + 3?","text":"6","ids":[1,2,3,8],"spans":[[3,4]],"tokens":2,"logprob":-1.5,"right":false,"outcome":"wrong"}');
