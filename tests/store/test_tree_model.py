"""The store against a plain model: dictionaries of what was said where."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from localai.conversation import Completion, Message, Part, Reasoning, Role, Text, ToolResult
from localai.errors import StoreError
from localai.store.rows import Origin, Status
from localai.store.store import Store

texts = st.text(st.characters(codec="utf-8"), max_size=20)
ids = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=6).map(tuple)


Parts = st.SearchStrategy[tuple[Part, ...]]


def parts_of(*more: st.SearchStrategy[Part]) -> Parts:
    """A message's parts: text, reasoning and these."""
    part = st.one_of(st.builds(Text, texts), st.builds(Reasoning, texts), *more)
    return st.lists(part, max_size=3).map(tuple)


def messages_of(parts: Parts) -> st.SearchStrategy[Message]:
    """Messages of any role."""
    roles = st.sampled_from(("system", "user", "assistant", "tool"))
    return st.builds(Message, roles, parts, ids, texts, st.booleans())


parts = parts_of(st.builds(ToolResult, texts, texts))
messages = messages_of(parts)


@dataclass
class Tree:
    """A conversation: what was written in it, and the way that a fork shares."""

    title: str
    leaf: str = ""
    deleted: bool = False
    own: set[str] = field(default_factory=set)
    way: list[str] = field(default_factory=list)


class StoreMachine(RuleBasedStateMachine):
    trees = Bundle("trees")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.memory()
        self.model: dict[str, Tree] = {}
        self.parents: dict[str, str] = {}
        self.said: dict[str, Message] = {}
        self.prompts: dict[str, tuple[int, ...]] = {}
        self.status: dict[str, Status] = {}

    def teardown(self) -> None:
        self.store.close()

    def path(self, leaf: str) -> list[str]:
        return [*self.path(self.parents[leaf]), leaf] if leaf else []

    def view(self, tree: Tree) -> list[str]:
        """What belongs to it, oldest first."""
        return [id_ for id_ in self.parents if id_ in tree.own or id_ in tree.way]

    def siblings(self, tree: Tree, id_: str) -> tuple[str, ...]:
        role: Role = self.said[id_].role
        return tuple(
            other
            for other in self.view(tree)
            if self.parents[other] == self.parents[id_] and self.said[other].role == role
        )

    def place(self, tree: str, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(["", *self.view(self.model[tree])]))

    def enter(self, tree: str, id_: str, parent: str, message: Message, status: Status) -> None:
        self.model[tree].own.add(id_)
        self.model[tree].leaf = id_
        self.parents[id_], self.said[id_], self.status[id_] = parent, message, status

    @rule(target=trees, title=texts)
    def create(self, title: str) -> str:
        made = self.store.create_conversation(title)
        self.model[made.id] = Tree(title)
        return made.id

    @rule(target=trees, tree=trees, data=st.data())
    def fork(self, tree: str, data: st.DataObject) -> str:
        model = self.model.get(tree, Tree(""))
        whole = [id_ for id_ in self.view(model) if self.status[id_] == "done"]
        if not whole:
            return tree
        at = data.draw(st.sampled_from(whole))
        made = self.store.fork(tree, at)
        assert made == self.store.conversation(made.id)
        self.model[made.id] = Tree(made.title, at, way=self.path(at))
        return made.id

    @rule(tree=trees, message=messages, data=st.data())
    def add(self, tree: str, message: Message, data: st.DataObject) -> None:
        if tree not in self.model:
            try:
                self.store.add_message(tree, "", message)
            except StoreError:
                return
            raise AssertionError("added to a conversation that is gone")
        parent = self.place(tree, data)
        added = self.store.add_message(tree, parent, message)
        self.enter(tree, added.id, parent, message, "done")

    @rule(tree=trees, prompt=ids, parts=parts, data=st.data())
    def answer(
        self, tree: str, prompt: tuple[int, ...], parts: tuple[Part, ...], data: st.DataObject
    ) -> None:
        if tree not in self.model:
            return
        parent = self.place(tree, data)
        base = self.prompts.get(self.parents.get(parent, ""), ())
        prompt = base[: data.draw(st.integers(0, len(base)))] + prompt
        begun = self.store.begin_answer(tree, parent, Origin("m", prompt=prompt))
        self.store.flush_answer(begun.id, parts)
        self.enter(tree, begun.id, parent, Message("assistant", parts), "streaming")
        self.prompts[begun.id] = prompt

    @rule(message=messages, data=st.data())
    def finish(self, message: Message, data: st.DataObject) -> None:
        running = [id_ for id_, status in self.status.items() if status == "streaming"]
        if not running:
            return
        id_ = data.draw(st.sampled_from(running))
        done = Completion("stop", 1, 2, 3, ids=message.ids, vocab=message.vocab)
        stored = self.store.finish_answer(id_, message, done, "done")
        self.said[id_], self.status[id_] = message, "done"
        assert stored.completion == done

    @rule(tree=trees, data=st.data())
    def set_leaf(self, tree: str, data: st.DataObject) -> None:
        if tree in self.model:
            self.model[tree].leaf = self.place(tree, data)
            self.store.set_leaf(tree, self.model[tree].leaf)

    @rule(tree=trees, deleted=st.booleans())
    def hide(self, tree: str, deleted: bool) -> None:
        if tree in self.model:
            (self.store.delete if deleted else self.store.undelete)(tree)
            self.model[tree].deleted = deleted

    @rule(tree=trees)
    def purge(self, tree: str) -> None:
        self.store.purge(tree)
        gone = self.model.pop(tree, Tree("")).own
        for fork in self.model.values():
            fork.own |= gone & set(fork.way)
            gone -= fork.own
        for id_ in gone:
            del self.parents[id_], self.said[id_], self.status[id_]
            self.prompts.pop(id_, None)

    @invariant()
    def the_lists_agree(self) -> None:
        for deleted in (False, True):
            listed = {c.id: c for c in self.store.conversations(deleted=deleted)}
            expected = {id_ for id_, tree in self.model.items() if tree.deleted is deleted}
            assert set(listed) == expected
            for id_, found in listed.items():
                tree = self.model[id_]
                assert (found.title, found.leaf) == (tree.title, tree.leaf)
                assert found.messages == len(self.path(tree.leaf))

    @invariant()
    def every_path_agrees(self) -> None:
        for id_, tree in self.model.items():
            for leaf in self.view(tree):
                path = self.store.path(leaf, id_)
                assert [m.id for m in path] == self.path(leaf)
                last = path[-1]
                assert (last.message, last.status) == (self.said[leaf], self.status[leaf])
                for message in path:
                    assert message.siblings == self.siblings(tree, message.id)
                stored = self.store.message(leaf)
                assert (stored.origin.prompt if stored.origin else ()) == self.prompts.get(leaf, ())
                if leaf in tree.own:
                    assert (stored.conversation, stored.siblings) == (id_, last.siblings)
                below = self.path(self.store.leaf_through(leaf, id_))
                assert leaf in below
                assert set(below) <= set(self.view(tree))

    @invariant()
    def nothing_is_left_over(self) -> None:
        db = self.store._db.connection
        assert not db.in_transaction
        counts = db.execute(
            "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM prompts)"
        ).fetchone()
        assert counts == (len(self.parents), sum(1 for each in self.prompts.values() if each))
        assert {id_ for tree in self.model.values() for id_ in tree.own} == set(self.parents)
        for index in ("message_text", "conversation_title"):
            db.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


TestStoreAgainstModel = StoreMachine.TestCase
TestStoreAgainstModel.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
