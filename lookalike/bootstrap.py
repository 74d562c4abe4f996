"""The one place where the parts are put together: settings in, `Services` out. Nothing else knows
which adapter stands behind a protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from lookalike.accounts.accounts import Accounts
from lookalike.accounts.bookkeeping import Bookkeeping
from lookalike.accounts.callers import Callers
from lookalike.accounts.model import AccountStore
from lookalike.accounts.quota import Quota
from lookalike.accounts.redis_limiting import RedisBuckets, RedisCounters, RedisLine
from lookalike.accounts.searches import Searches
from lookalike.catalog.bulk import Bulk
from lookalike.catalog.catalog import Catalog
from lookalike.catalog.reindex import Reindex
from lookalike.catalog.writer import Writer
from lookalike.embedding.counted import CountedEmbedder
from lookalike.embedding.making import VectorMaker
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packing.library import BUILTIN, Library
from lookalike.embedding.packs import Pack, builtin_pack_folder, load_pack
from lookalike.embedding.pictures import PictureReader
from lookalike.embedding.pipeline import CLAIM_SIZE, Pipeline
from lookalike.embedding.protocol import Embedder
from lookalike.embedding.repository import Kind, write_repository
from lookalike.embedding.triton import TritonEmbedder, served_by
from lookalike.embedding.triton_wire import BATCH, QUERY
from lookalike.errors import Misconfigured
from lookalike.idempotency.answers import Answers
from lookalike.idempotency.redis_answers import RedisAnswers
from lookalike.index.editions import FIRST, Edition, Editions, State, must_be_whole, opened
from lookalike.index.elasticsearch import ElasticsearchEngine
from lookalike.index.engine.accounts import EngineAccountStore
from lookalike.index.engine.connecting import Address
from lookalike.index.engine.editions import EngineEditions
from lookalike.index.engine.events import EngineEventLog
from lookalike.index.engine.protocol import Engine
from lookalike.index.engine.setup import Naming, prepare_accounts, prepare_searches
from lookalike.index.opensearch import OpenSearchEngine
from lookalike.index.protocol import ProductIndex
from lookalike.index.sqlite.accounts import SqliteAccountStore
from lookalike.index.sqlite.editions import SqliteEditions
from lookalike.index.twin import TwinIndex
from lookalike.index.watch import Watch
from lookalike.jobs.protocol import Claim, OwedQueue, Ticker
from lookalike.jobs.record import JobStore, Nobody
from lookalike.jobs.redis_jobs import RedisJobStore
from lookalike.jobs.redis_queue import RedisOwedQueue
from lookalike.jobs.redis_turn import RedisTurn
from lookalike.jobs.rq_ticker import RqTicker
from lookalike.jobs.sweeper import Sweeper
from lookalike.moving import House, Move
from lookalike.pixels.fetch import Fetcher
from lookalike.remodel.remodel import Remodel
from lookalike.search.events import EventLog, NoEventLog
from lookalike.search.recording import Recorder
from lookalike.search.redis_memory import RedisMemory
from lookalike.search.remembering import Memory, QueryVectors
from lookalike.search.retention import Retention
from lookalike.search.searcher import Searcher
from lookalike.settings import ENGINES, Settings

REDIS_TIMEOUT_S = 10.0
LIMITS_TIMEOUT_S = 0.5
"""A search is not kept waiting for its own counting."""

SEARCHES_KEPT_S = 40 * 24 * 3600
"""Longer than a month, so that a month's counter outlives it."""

PRODUCTS_KEPT_S = 3600

TASK = "workers.tasks.embed_owed"
QUEUE = "embed"
OTHER_TASK = "workers.tasks.embed_other"
OTHER_QUEUE = "embed-other"
"""The queue of the edition that does not serve: RQ looks into it when the first one is empty."""

BUILTIN_PACK = BUILTIN


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is loaded. `queries` embeds what a shopper waits for."""

    pack: Pack
    embedder: Embedder
    queries: Embedder


@dataclass(frozen=True, slots=True)
class Services:
    """All that a web process needs, for one model."""

    settings: Settings
    shared: Shared
    pack: Pack
    index: ProductIndex
    embedder: Embedder
    pictures: PictureReader
    queue: OwedQueue
    ticker: Ticker
    jobs: JobStore
    catalog: Catalog
    bulk: Bulk
    reindex: Reindex
    searcher: Searcher
    answers: Answers
    accounts: Accounts
    callers: Callers
    searches: Searches
    quota: Quota
    bookkeeping: Bookkeeping


@dataclass(frozen=True, slots=True)
class Shared:
    """What does not depend on the model that serves. `queue` holds what the serving edition owes,
    `other_queue` what the other one does."""

    settings: Settings
    watch: Watch
    connection: redis.Redis
    fetcher: Fetcher
    queue: OwedQueue
    ticker: Ticker
    other_queue: OwedQueue
    other_ticker: Ticker
    jobs: JobStore
    answers: Answers
    memory: Memory
    recorder: Recorder
    accounts: Accounts
    callers: Callers
    searches: Searches
    quota: Quota
    bookkeeping: Bookkeeping
    retention: Retention


def make_services(settings: Settings) -> Services:
    """All that a process needs, for the model that serves now. Call it in the process that uses
    it, after forks.

    Raises `Misconfigured` in a sentence where a setting cannot be followed.
    """
    shared = make_shared(settings)
    return services_of(shared, make_model(settings, shared.watch.state().serving.pack))


def make_shared(settings: Settings) -> Shared:
    """Makes every client. Raises `Misconfigured`."""
    watch = make_watch(settings)
    connection = connect_redis(settings)

    def serving() -> ProductIndex:
        return watch.opened()[0]

    store = make_account_store(settings)
    line = RedisLine(connect_redis(settings, LIMITS_TIMEOUT_S))
    searches = Searches(RedisCounters(line, "searches", SEARCHES_KEPT_S), RedisBuckets(line), store)
    quota = Quota(
        RedisCounters(line, "products", PRODUCTS_KEPT_S),
        lambda tenant: serving().counts(tenant).stored,
    )
    events = make_event_log(settings)
    return Shared(
        settings=settings,
        watch=watch,
        connection=connection,
        fetcher=make_fetcher(settings),
        queue=make_queue(settings, connection),
        ticker=RqTicker(connection, TASK, QUEUE, CLAIM_SIZE),
        other_queue=RedisOwedQueue(
            connection, lease_s=settings.lease_s, namespace="lookalike:other"
        ),
        other_ticker=RqTicker(connection, OTHER_TASK, OTHER_QUEUE, CLAIM_SIZE),
        jobs=RedisJobStore(connection, lambda: serving().refresh()),
        answers=RedisAnswers(connection),
        memory=RedisMemory(line),
        recorder=Recorder(events if settings.search_events_days else NoEventLog()),
        accounts=Accounts(store),
        callers=Callers(store),
        searches=searches,
        quota=quota,
        bookkeeping=Bookkeeping(store, searches, quota),
        retention=Retention(events, settings.search_events_days),
    )


def make_queue(settings: Settings, connection: redis.Redis) -> OwedQueue:
    """The owed products of the edition that serves."""
    return RedisOwedQueue(connection, lease_s=settings.lease_s)


def services_of(shared: Shared, model: Model) -> Services:
    """All that a process needs, for one model."""
    digest = model.pack.digest
    index = TwinIndex(shared.watch, digest)
    queue, jobs = shared.queue, shared.jobs
    writer = Writer(index=index, queue=queue, ticker=shared.ticker, jobs=jobs, quota=shared.quota)
    catalog = Catalog(
        index=index, queue=queue, jobs=jobs, writer=writer, quota=shared.quota, model=digest
    )
    pictures = PictureReader(shared.fetcher, model.pack, shared.settings.max_megapixels)
    return Services(
        settings=shared.settings,
        shared=shared,
        pack=model.pack,
        index=index,
        embedder=model.embedder,
        pictures=pictures,
        queue=queue,
        ticker=shared.ticker,
        jobs=jobs,
        catalog=catalog,
        bulk=Bulk(index=index, jobs=jobs, catalog=catalog, writer=writer, model=digest),
        reindex=Reindex(index=index, jobs=jobs, writer=writer),
        searcher=Searcher(
            index,
            model.queries,
            pictures,
            QueryVectors(shared.memory, digest, model.pack.dimensions),
            shared.recorder.record,
        ),
        accounts=shared.accounts,
        callers=shared.callers,
        searches=shared.searches,
        quota=shared.quota,
        bookkeeping=shared.bookkeeping,
        answers=shared.answers,
    )


def make_model(settings: Settings, name: str) -> Model:
    """Loads a model by the name or the folder of its pack, or finds it on the model server. Raises
    `Misconfigured`."""
    pack = make_pack(settings, name)
    if not settings.triton_url:
        embedder = make_embedder(settings, pack)
        return _counted(pack, embedder, embedder)
    served = served_by(settings.triton_url, pack)
    return _counted(pack, TritonEmbedder(served, BATCH), TritonEmbedder(served, QUERY))


def _counted(pack: Pack, products: Embedder, queries: Embedder) -> Model:
    return Model(pack, CountedEmbedder(products, "products"), CountedEmbedder(queries, "queries"))


def make_embedder(settings: Settings, pack: Pack) -> Embedder:
    """What runs a pack in this process. Raises `Misconfigured`."""
    return OnnxEmbedder(pack, settings.model_threads)


def check_model_server(settings: Settings, name: str) -> None:
    """Raises `Misconfigured` or `ModelAway` unless one of the model servers serves the pack."""
    if settings.triton_url:
        served_by(settings.triton_url, make_pack(settings, name)).check()


def make_repository(settings: Settings, folder: Path, kind: Kind, name: str | None) -> Pack:
    """Writes the repository from which a model server serves a pack, by default the one that the
    settings name. Raises `Misconfigured`."""
    pack = make_pack(settings, name or settings.model_pack or BUILTIN_PACK)
    write_repository(pack, folder, kind, make_embedder(settings, pack))
    return pack


def check(settings: Settings) -> None:
    """Raises `Misconfigured`, in a sentence, for what would keep a process from starting; cheap,
    for those who start processes, whose own errors would be tracebacks."""
    make_pack(settings, settings.model_pack or BUILTIN_PACK)
    make_fetcher(settings).close()
    make_accounts(settings)
    if settings.triton_url:
        watch = make_watch(settings)
        make_model(settings, watch.state().serving.pack)
        watch.editions.close()


def make_pipeline(services: Services, state: State) -> Pipeline:
    """What a worker runs at each tick for the edition that serves, whose model's services these
    are."""
    shared = services.shared
    return Pipeline(
        index=shared.watch.editions.open(state.serving, state.epoch),
        queue=shared.queue,
        ticker=shared.ticker,
        jobs=shared.jobs,
        maker=VectorMaker(services.embedder, services.pictures),
        renew_every_s=services.settings.lease_s / 3,
        recheck_after=services.settings.recheck_after,
    )


def make_other_pipeline(services: Services, other: Edition, epoch: int) -> Pipeline:
    """What a worker runs for the other edition, whose model's services these are: nobody waits for
    it, and pictures are not looked at again."""
    shared = services.shared
    return Pipeline(
        index=shared.watch.editions.open(other, epoch),
        queue=shared.other_queue,
        ticker=shared.other_ticker,
        jobs=Nobody(),
        maker=VectorMaker(services.embedder, services.pictures),
        renew_every_s=services.settings.lease_s / 3,
    )


def make_sweeper(services: Services, fail: Callable[[Claim], None]) -> Sweeper:
    """What a worker process runs in a thread beside its work; `fail`: see `Pipeline.fail`."""

    def keep_books() -> None:
        services.bookkeeping.keep()
        services.shared.retention.keep()

    return Sweeper(
        queue=services.queue,
        ticker=services.ticker,
        index=services.index,
        jobs=services.jobs,
        fail=fail,
        resume=services.reindex.resume,
        keep_books=keep_books,
        turn=RedisTurn(services.shared.connection, "sweeper"),
        recheck_after=services.settings.recheck_after,
    )


def make_other_sweeper(shared: Shared, pipeline: Pipeline) -> Sweeper:
    """The same for the other edition."""
    return Sweeper(
        queue=shared.other_queue,
        ticker=shared.other_ticker,
        index=pipeline.index,
        jobs=Nobody(),
        fail=pipeline.fail,
        resume=lambda: False,
        keep_books=lambda: None,
        turn=RedisTurn(shared.connection, "other-sweeper"),
    )


def make_accounts(settings: Settings) -> Accounts:
    """Tenants and keys, for those who manage them."""
    return Accounts(make_account_store(settings))


def make_account_store(settings: Settings) -> AccountStore:
    """Tenants, keys and usage, in the same engine as the products."""
    if engine := _engine(settings):
        return EngineAccountStore(engine, prepare_accounts(engine, _naming(settings)))
    return SqliteAccountStore(_sqlite_path(settings))


def make_event_log(settings: Settings) -> EventLog:
    """What was searched for, in the engine; the embedded index keeps none."""
    engine = _engine(settings)
    if engine is None:
        return NoEventLog()
    if settings.search_events_days:
        prepare_searches(engine, _naming(settings))
    return EngineEventLog(engine, _naming(settings))


def make_pack(settings: Settings, name: str) -> Pack:
    """The model pack of that name, or in that folder. Raises `Misconfigured`."""
    return load_pack(pack_folder(settings, name))


def pack_folder(settings: Settings, name: str) -> Path:
    """Where a pack is: the built-in one, one that was pulled or added, or else a folder. Raises
    `Misconfigured`."""
    if name == BUILTIN_PACK:
        return builtin_pack_folder()
    library = make_library(settings)
    if name not in library.names() and ("/" in name or Path(name).is_dir()):
        return Path(name)
    return library.folder_of(name)


def make_library(settings: Settings) -> Library:
    """The packs that were pulled or added."""
    return Library(settings.data_dir / "models")


def packs_in_use(settings: Settings) -> set[str]:
    """The packs that the settings or the catalogue name."""
    named = {settings.model_pack} if settings.model_pack else set()
    if settings.index_file is not None and not settings.index_file.exists():
        return named
    told = make_editions(settings).read()
    editions = (told.state.serving, told.state.other) if told else ()
    return named | {edition.pack for edition in editions if edition}


def make_index(settings: Settings) -> ProductIndex:
    """The products, for those who need no model."""
    watch = make_watch(settings)
    return TwinIndex(watch, watch.state().serving.model)


def make_watch(settings: Settings) -> Watch:
    """The editions of the catalogue in the engine that the settings name; a new catalogue begins
    with the pack that the settings name. Raises `Misconfigured`."""
    editions = make_editions(settings)
    if told := editions.read():
        must_be_whole(told.state)
        editions.check(told.state.serving)
    else:
        opened(editions, edition_of(settings, FIRST, settings.model_pack or BUILTIN_PACK))
    return Watch(editions)


def edition_of(settings: Settings, name: str, pack_name: str) -> Edition:
    """An edition for the vectors of a pack."""
    pack = make_pack(settings, pack_name)
    return Edition(name=name, pack=pack_name, model=pack.digest, dimensions=pack.dimensions)


def make_remodel(settings: Settings) -> Remodel:
    """What changes the model of the catalogue. Raises `Misconfigured`."""
    accounts = make_accounts(settings)
    return Remodel(
        make_editions(settings),
        lambda name, pack: edition_of(settings, name, pack),
        lambda: [tenant.id for tenant in accounts.tenants()],
    )


def make_move(source: Settings, target: Settings) -> Move:
    """What moves a catalogue from one engine to another. Raises `Misconfigured`."""
    houses = [House(make_editions(each), make_account_store(each)) for each in (source, target)]
    return Move(*houses)


def make_editions(settings: Settings) -> Editions:
    """Where the engine that the settings name keeps its editions."""
    if engine := _engine(settings):
        naming = _naming(settings)
        accounts = prepare_accounts(engine, naming)
        kind, explored = settings.index_vectors, settings.index_candidates
        return EngineEditions(engine, naming, accounts, kind, explored)
    memory_bytes = settings.index_memory_mb * 1024 * 1024
    return SqliteEditions(_sqlite_path(settings), memory_bytes)


def make_fetcher(settings: Settings) -> Fetcher:
    """The guarded downloader."""
    return Fetcher(
        allow=settings.fetch_allow,
        timeout_s=settings.fetch_timeout_s,
        max_bytes=settings.fetch_max_mb * 1024 * 1024,
        contact=settings.fetch_contact,
    )


def connect_redis(settings: Settings, timeout_s: float = REDIS_TIMEOUT_S) -> redis.Redis:
    """A client of the Redis that the settings name; it connects at its first call."""
    if settings.redis_url is None:
        raise Misconfigured(
            "LOOKALIKE_REDIS_URL is not set, and the web process and the workers meet there. Set "
            "it (e.g. redis://localhost:6379/0), or run `lookalike up`, which brings its own."
        )
    return redis.Redis.from_url(
        settings.redis_url,
        socket_timeout=timeout_s,
        socket_connect_timeout=min(2.0, timeout_s),
        health_check_interval=30,
    )


def address_of(settings: Settings, url: str) -> Address:
    """The engine, or what stands before it, with what opens the engine."""
    return Address(
        url=url,
        api_key=settings.index_api_key,
        user=settings.index_user,
        password=settings.index_password,
        ca=None if settings.index_ca is None else str(settings.index_ca),
    )


def _engine(settings: Settings) -> Engine | None:
    """A connection to the engine that the settings name; None for the embedded index."""
    kind, _, url = settings.index_location.partition("+")
    if kind not in ENGINES:
        return None
    make = ElasticsearchEngine if kind == "elasticsearch" else OpenSearchEngine
    return make(address_of(settings, url), settings.index_timeout_s)


def _naming(settings: Settings) -> Naming:
    return Naming(settings.index_prefix)


def _sqlite_path(settings: Settings) -> Path:
    path = settings.index_file
    assert path is not None, "there is an engine instead"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"The data folder {path.parent} cannot be made ({error.strerror}). "
            "Give LOOKALIKE_DATA_DIR a folder that this user may write."
        ) from error
    return path
