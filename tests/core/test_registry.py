"""Names to classes: what is refused, what is found, what is suggested."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla.errors import UsageError
from edgedla.registry import Registry, advice, suggest


class Animal(ABC):
    name: str

    @abstractmethod
    def sound(self) -> str: ...

    @abstractmethod
    def legs(self) -> int: ...


class Dog(Animal):
    name = "dog"

    def sound(self) -> str:
        return "bark"

    def legs(self) -> int:
        return 4


class Cat(Dog):
    name = "cat"


class Half(Animal):
    name = "half"

    def legs(self) -> int:
        return 2


def named(name: object) -> type:
    return type("Named", (Dog,), {"name": name})


@pytest.fixture
def animals() -> Registry[Animal]:
    found: Registry[Animal] = Registry("animal", Animal)
    found.add(Dog, plugin="pets")
    found.add(Cat, plugin="more_pets")
    return found


def test_finds_classes_and_the_plugins_that_brought_them(animals: Registry[Animal]) -> None:
    assert animals.get("dog") is Dog
    assert animals.plugin_of("dog") == "pets"
    assert animals.plugin_of("cat") == "more_pets"


def test_lists_in_sorted_order_whatever_the_order_of_adding(animals: Registry[Animal]) -> None:
    assert list(animals) == ["cat", "dog"]
    assert animals.items() == [("cat", Cat), ("dog", Dog)]
    assert len(animals) == 2
    assert "cat" in animals
    assert "cow" not in animals


@pytest.mark.parametrize("find", [Registry.get, Registry.plugin_of])
def test_unknown_name_suggests_and_lists(find: object, animals: Registry[Animal]) -> None:
    assert callable(find)
    with pytest.raises(UsageError) as caught:
        find(animals, "dgo")
    assert caught.value.message == "no animal named 'dgo'"
    assert caught.value.hint == "did you mean 'dog'? animals: cat, dog"


def test_unknown_name_far_from_all_lists_only(animals: Registry[Animal]) -> None:
    with pytest.raises(UsageError) as caught:
        animals.get("elephant")
    assert caught.value.hint == "animals: cat, dog"


def test_empty_registry_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        Registry("animal", Animal).get("dog")
    assert caught.value.hint == "animals: none"


@pytest.mark.parametrize("thing", [Dog(), "dog", None, dict, ABC])
def test_what_is_no_class_of_the_kind_is_refused(animals: Registry[Animal], thing: object) -> None:
    with pytest.raises(TypeError, match="is not a class derived from Animal"):
        animals.add(thing, plugin="odd")
    assert len(animals) == 2


def test_abstract_class_is_refused_with_what_it_lacks(animals: Registry[Animal]) -> None:
    with pytest.raises(TypeError, match=r"animal class Half does not implement sound$"):
        animals.add(Half, plugin="odd")
    with pytest.raises(TypeError, match=r"does not implement legs, sound$"):
        animals.add(Animal, plugin="odd")


def test_class_without_name_is_refused(animals: Registry[Animal]) -> None:
    nameless = type("Nameless", (Animal,), {"sound": Dog.sound, "legs": Dog.legs})
    with pytest.raises(ValueError, match=r"Nameless needs a `name` .* not None"):
        animals.add(nameless, plugin="odd")


@pytest.mark.parametrize("name", ["", "Dog", "dog house", "dog\n", "dög", "../dog", 3, None, b"dog"])
def test_names_that_could_be_no_option_folder_or_table_are_refused(
    animals: Registry[Animal], name: object
) -> None:
    with pytest.raises(ValueError, match="needs a `name`"):
        animals.add(named(name), plugin="odd")


@pytest.mark.parametrize("name", ["d", "dog-house", "dog_house", "3d", "-", "_"])
def test_names_of_plain_characters_are_taken(animals: Registry[Animal], name: str) -> None:
    animals.add(named(name), plugin="odd")
    assert animals.get(name).name == name


def test_second_class_of_a_name_is_refused_and_both_plugins_named(animals: Registry[Animal]) -> None:
    with pytest.raises(ValueError, match="'dog' is brought by two plugins, 'pets' and 'thief'"):
        animals.add(named("dog"), plugin="thief")
    assert animals.get("dog") is Dog
    assert animals.plugin_of("dog") == "pets"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("window", "window"), ("windwo", "window"), ("WINDOW", "window"), ("hop", None), ("", None)],
)
def test_suggests_the_nearest_name(name: str, expected: str | None) -> None:
    assert suggest(name, ["window", "classes"]) == expected


def test_suggestion_is_spelt_as_known() -> None:
    assert suggest("edgedla_jbos", ["EDGEDLA_JOBS"]) == "EDGEDLA_JOBS"


@given(st.text(), st.lists(st.text()))
def test_suggestions_are_known_names_and_a_known_name_is_its_own(name: str, known: list[str]) -> None:
    assert suggest(name, known) in {None, *known}
    if name.islower() and name in known:
        assert (suggest(name, known) or "").lower() == name.lower()


def test_advice_names_all_there_is() -> None:
    assert advice("b", ["c", "bb"], "keys") == "did you mean 'bb'? keys: bb, c"
    assert advice("b", [], "keys") == "keys: none"
