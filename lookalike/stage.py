"""What of the house is on stage: the services of the model that serves now, made anew when another
one does. One a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from lookalike.bootstrap import (
    Services,
    make_model,
    make_other_pipeline,
    make_other_sweeper,
    make_pipeline,
    make_shared,
    make_sweeper,
    services_of,
)
from lookalike.embedding.pipeline import Pipeline
from lookalike.errors import LookalikeError, ModelAway
from lookalike.index.editions import Edition, Outdated, State
from lookalike.jobs.protocol import Claim
from lookalike.jobs.sweeper import Sweeper
from lookalike.settings import Settings

log = structlog.get_logger(__name__)


class Stage:
    """The services by the model that serves. Make it after forks. Thread-safe.

    Raises `Misconfigured` where a setting cannot be followed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shared = make_shared(settings)
        self.watch = self._shared.watch
        self._made: dict[str, Services] = {}
        self._making = threading.Lock()
        self._rehearsed: str | None = None
        self.services()

    def services(self) -> Services:
        """Those of the model that serves now. Raises `IndexAway` and `ModelAway`."""
        state = self.watch.state()
        if state.other and state.other.name != self._rehearsed:
            self._load_ahead(state.other)
        return self.of(state.serving, state)

    def of(self, edition: Edition, state: State) -> Services:
        """The services for the vectors of an edition. Raises `Misconfigured` and `ModelAway` where
        this machine does not have its model."""
        services = self._made.get(edition.model) or self._make(edition)
        for gone in self._made.keys() - {each.model for each in state.editions}:
            self._made.pop(gone, None)
        return services

    def _make(self, edition: Edition) -> Services:
        """Loads a model, once. Nobody waits for that but those who ask for this model."""
        with self._making:
            if made := self._made.get(edition.model):
                return made
            model = make_model(self._settings, edition.pack)
            if model.pack.digest != edition.model:
                raise ModelAway(
                    f"The pack {edition.pack} of this machine is not the one that the "
                    "catalogue was embedded with. Fetch the same pack again."
                )
            made = self._made[edition.model] = services_of(self._shared, model)
            return made

    def _load_ahead(self, other: Edition) -> None:
        """Loads the other model in the background, so that no search waits for it at the switch."""
        self._rehearsed = other.name

        def load() -> None:
            try:
                self.of(other, self.watch.state())
            except LookalikeError as error:
                log.error("model_not_loaded", pack=other.pack, reason=error.detail)

        threading.Thread(target=load, name="load-ahead", daemon=True).start()

    def close(self) -> None:
        """Gives back connections."""
        self.watch.editions.close()


class Workshop:
    """What a worker process works with: a pipeline for each edition, made anew whenever the
    editions change."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._state: State | None = None
        self._pipelines: list[Pipeline] = []
        self._sweepers: list[Sweeper] = []
        self._lock = threading.Lock()

    def pipelines(self) -> list[Pipeline]:
        """The pipeline of the serving edition, and the other one's if there is one and its model
        can be loaded here."""
        return self._now()[1]

    @contextmanager
    def working(self) -> Iterator[list[Pipeline]]:
        """The pipelines, to be run. Where an edition takes no write of theirs, what the one who
        changed the editions did not live to do is finished, so that the next run can write."""
        state, pipelines = self._now()
        try:
            yield pipelines
        except Outdated:
            self._stage.watch.catch_up(state)
            raise

    def _now(self) -> tuple[State, list[Pipeline]]:
        with self._lock:
            state, known = self._stage.watch.state(), self._state
            if known is None or (state.editions, state.epoch) != (known.editions, known.epoch):
                self._follow(state)
            self._state = state
            return state, self._pipelines

    def sweepers(self) -> Iterator[Sweeper]:
        """A sweeper for each of them."""
        try:
            self.pipelines()
        except LookalikeError as error:
            log.warning("not_swept", reason=error.detail)
            return
        yield from self._sweepers

    def _follow(self, state: State) -> None:
        # The old ones' threads end with their last user.
        services = self._stage.of(state.serving, state)
        self._pipelines = [make_pipeline(services, state)]
        self._sweepers = [make_sweeper(services, self._fail)]
        if state.other:
            self._follow_other(services, state, state.other)

    def _follow_other(self, services: Services, state: State, other: Edition) -> None:
        try:
            model = self._stage.of(other, state)
        except LookalikeError as error:
            log.error("model_not_loaded", pack=other.pack, reason=error.detail)
            return
        pipeline = make_other_pipeline(model, other, state.epoch)
        self._pipelines.append(pipeline)
        self._sweepers.append(make_other_sweeper(services.shared, pipeline))

    def _fail(self, claim: Claim) -> None:
        self.pipelines()[0].fail(claim)

    def stop(self) -> None:
        """The process is to end, once what the pipelines have at hand is done."""
        for each in self._pipelines:
            each.stop()

    def close(self) -> None:
        """Ends the threads of the pipelines."""
        for each in self._pipelines:
            each.close()
