"""What of the house is on stage: the services of the model that serves now, made anew when another
one does. One a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator

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
from lookalike.index.editions import Edition, State
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
        self._made: dict[str, Services] = {}
        self._making = threading.RLock()
        self._rehearsed: str | None = None
        self.services()

    def services(self) -> Services:
        """Those of the model that serves now. Raises `IndexAway` and `ModelAway`."""
        state = self._shared.watch.state()
        if state.other and state.other.model != self._rehearsed:
            self._load_ahead(state.other)
        return self.of(state.serving, state)

    def of(self, edition: Edition, state: State) -> Services:
        """The services for the vectors of an edition. Raises `Misconfigured` and `ModelAway` where
        this machine does not have its model."""
        with self._making:
            for gone in self._made.keys() - {each.model for each in state.editions}:
                del self._made[gone]
            if edition.model not in self._made:
                model = make_model(self._settings, edition.pack)
                if model.pack.digest != edition.model:
                    raise ModelAway(
                        f"The pack {edition.pack} of this machine is not the one that the "
                        "catalogue was embedded with. Fetch the same pack again."
                    )
                self._made[edition.model] = services_of(self._shared, model)
            return self._made[edition.model]

    def _load_ahead(self, other: Edition) -> None:
        """Loads the other model in the background, so that no search waits for it at the switch."""
        self._rehearsed = other.model

        def load() -> None:
            try:
                self.of(other, self._shared.watch.state())
            except LookalikeError as error:
                log.error("model_not_loaded", pack=other.pack, reason=error.detail)

        threading.Thread(target=load, name="load-ahead", daemon=True).start()

    def close(self) -> None:
        """Gives back connections."""
        self._shared.watch.editions.close()


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
        with self._lock:
            services = self._stage.services()
            state = services.shared.watch.state()
            if state != self._state:
                self._follow(services, state)
            return self._pipelines

    def sweepers(self) -> Iterator[Sweeper]:
        """A sweeper for each of them."""
        try:
            self.pipelines()
        except LookalikeError as error:
            log.warning("not_swept", reason=error.detail)
            return
        yield from self._sweepers

    def _follow(self, services: Services, state: State) -> None:
        # The old ones' threads end with their last user.
        self._pipelines = [make_pipeline(services)]
        self._sweepers = [make_sweeper(services, self._fail)]
        if state.other:
            self._follow_other(services, state, state.other)
        self._state = state

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

    def close(self) -> None:
        """Ends the threads of the pipelines."""
        for each in self._pipelines:
            each.close()
