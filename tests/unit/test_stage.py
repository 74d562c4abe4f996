"""What a process works with while the model is being changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lookalike import stage as staging
from lookalike.bootstrap import Model, make_model, make_remodel
from lookalike.index import watch
from lookalike.index.editions import Outdated, State
from lookalike.index.protocol import Write
from lookalike.remodel.remodel import Remodel
from lookalike.settings import Settings
from lookalike.stage import Stage, Workshop
from tests.contract.harness import TENANT, product
from tests.packs import narrow_pack

WAIT_S = 30


@pytest.fixture
def narrow(tmp_path: Path) -> str:
    return str(narrow_pack(tmp_path / "narrow"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1")


@pytest.fixture
def stage(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(watch, "FRESH_S", 0.0)
    made = Stage(settings)
    yield made
    made.close()


@pytest.fixture
def workshop(stage: Stage) -> Iterator[Workshop]:
    made = Workshop(stage)
    yield made
    made.close()


@pytest.fixture
def change(stage: Stage, settings: Settings) -> Remodel:
    assert stage.services()  # with whom the catalogue begins
    return make_remodel(settings)


def test_nobody_waits_while_the_other_model_is_loaded(
    stage: Stage, change: Remodel, narrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def slowly(settings: Settings, name: str) -> Model:
        loading.set()
        loaded.wait(WAIT_S)
        return make_model(settings, name)

    monkeypatch.setattr(staging, "make_model", slowly)
    now = stage.services()
    change.begin(narrow)
    stage.watch.reload()

    def ask() -> None:
        stage.services()
        loading.wait(WAIT_S)
        stage.services()

    asked = threading.Thread(target=ask)
    asked.start()
    asked.join(WAIT_S / 3)
    is_waiting = asked.is_alive()
    loaded.set()
    asked.join()
    assert not is_waiting
    assert stage.services() is now


def test_a_change_that_is_begun_anew_is_loaded_ahead_anew(
    stage: Stage, change: Remodel, narrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        loaded = threading.Event()

        def noted(settings: Settings, name: str, loaded: threading.Event = loaded) -> Model:
            loaded.set()
            return make_model(settings, name)

        monkeypatch.setattr(staging, "make_model", noted)
        change.begin(narrow)
        stage.services()
        assert loaded.wait(WAIT_S)
        state = change.state
        assert state.other
        stage.of(state.other, state)
        change.drop_other()
        stage.services()


def test_a_pipeline_embeds_with_the_model_of_its_edition(
    stage: Stage, change: Remodel, narrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the editions are switched while it is being made."""
    before = change.begin(narrow)
    stage.services()
    after = change.switch()
    states: list[State] = [before]
    monkeypatch.setattr(stage.watch, "state", lambda: states.pop() if states else after)
    workshop = Workshop(stage)
    for state in (before, after):
        for edition, pipeline in zip(state.editions, workshop.pipelines(), strict=True):
            assert pipeline.maker.embedder is stage.of(edition, state).embedder
            assert vars(pipeline.index)["_space"] == edition.space
    workshop.close()


def test_a_worker_finishes_what_one_who_was_killed_began(stage: Stage, workshop: Workshop) -> None:
    """A process that saved a new epoch and ended keeps no worker from writing."""
    editions = stage.watch.editions
    told = editions.read()
    assert told is not None
    assert editions.save(replace(told.state, epoch=told.state.epoch + 1), told.revision)
    with pytest.raises(Outdated), workshop.working() as pipelines:
        pipelines[0].index.write(TENANT, [Write(product("A"), None)])
    with workshop.working() as pipelines:
        assert pipelines[0].index.write(TENANT, [Write(product("A"), None)]) == [True]
