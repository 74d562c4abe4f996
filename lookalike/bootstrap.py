"""The one place where the parts are put together: settings in, `Services` out. Nothing else knows
which adapter stands behind a protocol."""

from __future__ import annotations

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
from lookalike.embedding.onnx import OnnxEmbedder
from lookalike.embedding.packs import Pack, builtin_pack_folder, load_pack
from lookalike.embedding.pictures import PictureReader
from lookalike.embedding.pipeline import CLAIM_SIZE, Pipeline
from lookalike.embedding.protocol import Embedder
from lookalike.errors import Misconfigured
from lookalike.idempotency.answers import Answers
from lookalike.idempotency.redis_answers import RedisAnswers
from lookalike.index.elasticsearch import ElasticsearchEngine
from lookalike.index.engine.accounts import EngineAccountStore
from lookalike.index.engine.connecting import Address
from lookalike.index.engine.products import EngineProductIndex
from lookalike.index.engine.protocol import Engine
from lookalike.index.engine.setup import Naming, prepare_accounts, prepare_products
from lookalike.index.opensearch import OpenSearchEngine
from lookalike.index.protocol import ProductIndex, VectorSpace
from lookalike.index.sqlite.accounts import SqliteAccountStore
from lookalike.index.sqlite.products import SqliteProductIndex
from lookalike.jobs.protocol import OwedQueue, Ticker
from lookalike.jobs.record import JobStore
from lookalike.jobs.redis_jobs import RedisJobStore
from lookalike.jobs.redis_queue import RedisOwedQueue
from lookalike.jobs.redis_turn import RedisTurn
from lookalike.jobs.rq_ticker import RqTicker
from lookalike.jobs.sweeper import Sweeper
from lookalike.pixels.fetch import Fetcher
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


@dataclass(frozen=True, slots=True)
class Services:
    """All that a web process needs."""

    settings: Settings
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


def make_services(settings: Settings) -> Services:
    """Makes every client and loads the model. Call it in the process that uses them, after forks.

    Raises `Misconfigured` in a sentence where a setting cannot be followed.
    """
    pack = make_pack(settings)
    index = make_index(settings, pack)
    embedder = OnnxEmbedder(pack, settings.model_threads)
    pictures = PictureReader(make_fetcher(settings), pack, settings.max_megapixels)
    connection = connect_redis(settings)
    store = make_account_store(settings)
    line = RedisLine(connect_redis(settings, LIMITS_TIMEOUT_S))
    searches = Searches(RedisCounters(line, "searches", SEARCHES_KEPT_S), RedisBuckets(line), store)
    quota = Quota(
        RedisCounters(line, "products", PRODUCTS_KEPT_S),
        lambda tenant: index.counts(tenant).stored,
    )
    queue = RedisOwedQueue(connection, lease_s=settings.lease_s)
    ticker = RqTicker(connection, TASK, QUEUE, CLAIM_SIZE)
    jobs = RedisJobStore(connection, index.refresh)
    writer = Writer(index=index, queue=queue, ticker=ticker, jobs=jobs, quota=quota)
    catalog = Catalog(
        index=index, queue=queue, jobs=jobs, writer=writer, quota=quota, model=pack.digest
    )
    return Services(
        settings=settings,
        pack=pack,
        index=index,
        embedder=embedder,
        pictures=pictures,
        queue=queue,
        ticker=ticker,
        jobs=jobs,
        catalog=catalog,
        bulk=Bulk(index=index, jobs=jobs, catalog=catalog, writer=writer, model=pack.digest),
        reindex=Reindex(index=index, jobs=jobs, writer=writer),
        searcher=Searcher(index, embedder, pictures),
        accounts=Accounts(store),
        callers=Callers(store),
        searches=searches,
        quota=quota,
        bookkeeping=Bookkeeping(store, searches, quota),
        answers=RedisAnswers(connection),
    )


def check(settings: Settings) -> None:
    """Raises `Misconfigured`, in a sentence, for what would keep a process from starting; cheap,
    for those who start processes, whose own errors would be tracebacks."""
    make_pack(settings)
    make_fetcher(settings).close()
    make_accounts(settings)


def make_pipeline(services: Services) -> Pipeline:
    """What a worker runs at each tick."""
    return Pipeline(
        index=services.index,
        queue=services.queue,
        ticker=services.ticker,
        jobs=services.jobs,
        embedder=services.embedder,
        pictures=services.pictures,
        renew_every_s=services.settings.lease_s / 3,
        recheck_after=services.settings.recheck_after,
    )


def make_sweeper(services: Services, pipeline: Pipeline) -> Sweeper:
    """What a worker process runs in a thread beside its work."""
    turn = RedisTurn(connect_redis(services.settings), "sweeper")
    return Sweeper(
        queue=services.queue,
        ticker=services.ticker,
        index=services.index,
        jobs=services.jobs,
        fail=pipeline.fail,
        resume=services.reindex.resume,
        keep_books=services.bookkeeping.keep,
        turn=turn,
        recheck_after=services.settings.recheck_after,
    )


def make_accounts(settings: Settings) -> Accounts:
    """Tenants and keys, for those who manage them."""
    return Accounts(make_account_store(settings))


def make_account_store(settings: Settings) -> AccountStore:
    """Tenants, keys and usage, in the same engine as the products."""
    if engine := _engine(settings):
        return EngineAccountStore(engine, prepare_accounts(engine, _naming(settings)))
    return SqliteAccountStore(_sqlite_path(settings))


def make_pack(settings: Settings) -> Pack:
    """The model pack that the settings name."""
    return load_pack(settings.model_pack or builtin_pack_folder())


def make_index(settings: Settings, pack: Pack) -> ProductIndex:
    """The products, in the engine that the settings name."""
    space = VectorSpace(pack.digest, pack.dimensions)
    if engine := _engine(settings):
        kind = settings.index_vectors
        place = prepare_products(engine, _naming(settings), space.dimensions, kind)
        return EngineProductIndex(engine, place, space, settings.index_candidates)
    memory_bytes = settings.index_memory_mb * 1024 * 1024
    return SqliteProductIndex(_sqlite_path(settings), space, memory_bytes)


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


def _engine(settings: Settings) -> Engine | None:
    """A connection to the engine that the settings name; None for the embedded index."""
    kind, _, url = settings.index_location.partition("+")
    if kind not in ENGINES:
        return None
    address = Address(
        url=url,
        api_key=settings.index_api_key,
        user=settings.index_user,
        password=settings.index_password,
        ca=None if settings.index_ca is None else str(settings.index_ca),
    )
    make = ElasticsearchEngine if kind == "elasticsearch" else OpenSearchEngine
    return make(address, settings.index_timeout_s)


def _naming(settings: Settings) -> Naming:
    return Naming(settings.index_prefix)


def _sqlite_path(settings: Settings) -> Path:
    path = Path(settings.index_location.removeprefix("sqlite:///"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"The data folder {path.parent} cannot be made ({error.strerror}). "
            "Give LOOKALIKE_DATA_DIR a folder that this user may write."
        ) from error
    return path
