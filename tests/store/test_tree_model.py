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
    title: str
    leaf: str = ""
    deleted: bool = False
    parents: dict[str, str] = field(default_factory=dict)
    said: dict[str, Message] = field(default_factory=dict)
    prompts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)

    def path(self, leaf: str) -> list[str]:
        return [*self.path(self.parents[leaf]), leaf] if leaf else []

    def siblings(self, id_: str) -> tuple[str, ...]:
        role: Role = self.said[id_].role
        return tuple(
            other
            for other, parent in self.parents.items()
            if parent == self.parents[id_] and self.said[other].role == role
        )


class StoreMachine(RuleBasedStateMachine):
    trees = Bundle("trees")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.memory()
        self.model: dict[str, Tree] = {}

    def teardown(self) -> None:
        self.store.close()

    def place(self, tree: str, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(["", *self.model[tree].parents]))

    def enter(self, tree: str, id_: str, parent: str, message: Message, status: Status) -> None:
        model = self.model[tree]
        model.parents[id_], model.said[id_], model.leaf = parent, message, id_
        model.status[id_] = status

    @rule(target=trees, title=texts)
    def create(self, title: str) -> str:
        made = self.store.create_conversation(title)
        self.model[made.id] = Tree(title)
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
        base = self.model[tree].prompts.get(self.model[tree].parents.get(parent, ""), ())
        prompt = base[: data.draw(st.integers(0, len(base)))] + prompt
        begun = self.store.begin_answer(tree, parent, Origin("m", prompt=prompt))
        self.store.flush_answer(begun.id, parts)
        self.enter(tree, begun.id, parent, Message("assistant", parts), "streaming")
        self.model[tree].prompts[begun.id] = prompt

    @rule(tree=trees, message=messages, data=st.data())
    def finish(self, tree: str, message: Message, data: st.DataObject) -> None:
        model = self.model.get(tree, Tree(""))
        running = [id_ for id_, status in model.status.items() if status == "streaming"]
        if not running:
            return
        id_ = data.draw(st.sampled_from(running))
        done = Completion("stop", 1, 2, 3, ids=message.ids, vocab=message.vocab)
        stored = self.store.finish_answer(id_, message, done, "done")
        model.said[id_], model.status[id_] = message, "done"
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
        self.model.pop(tree, None)

    @invariant()
    def the_lists_agree(self) -> None:
        for deleted in (False, True):
            listed = {c.id: c for c in self.store.conversations(deleted=deleted)}
            expected = {id_ for id_, tree in self.model.items() if tree.deleted is deleted}
            assert set(listed) == expected
            for id_, found in listed.items():
                tree = self.model[id_]
                assert (found.title, found.leaf) == (tree.title, tree.leaf)
                assert found.messages == len(tree.path(tree.leaf))

    @invariant()
    def every_path_agrees(self) -> None:
        for tree in self.model.values():
            for leaf in tree.parents:
                path = self.store.path(leaf)
                assert [m.id for m in path] == tree.path(leaf)
                last = path[-1]
                assert (last.message, last.status) == (tree.said[leaf], tree.status[leaf])
                assert last.siblings == tree.siblings(leaf)
                origin = self.store.message(leaf).origin
                assert (origin.prompt if origin else ()) == tree.prompts.get(leaf, ())

    @invariant()
    def nothing_is_left_over(self) -> None:
        db = self.store._db.connection
        assert not db.in_transaction
        counts = db.execute(
            "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM prompts)"
        ).fetchone()
        trees = self.model.values()
        assert counts == (
            sum(len(tree.parents) for tree in trees),
            sum(1 for tree in trees for prompt in tree.prompts.values() if prompt),
        )
        for index in ("message_text", "conversation_title"):
            db.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


TestStoreAgainstModel = StoreMachine.TestCase
TestStoreAgainstModel.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
