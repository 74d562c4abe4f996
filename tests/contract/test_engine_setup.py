"""What is said of an engine that is not there, of another kind, or not ours."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lookalike.bootstrap import make_watch
from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.editions import FIRST, Edition
from lookalike.index.elasticsearch import ElasticsearchEngine
from lookalike.index.engine.connecting import Address
from lookalike.index.engine.setup import Naming, make_products, put_templates
from lookalike.index.opensearch import OpenSearchEngine
from lookalike.index.protocol import Write
from lookalike.settings import Settings
from tests.contract.harness import SPACE, TENANT, connect, open_editions, open_engine, product

ENGINES = ("elasticsearch", "opensearch")


@pytest.fixture(params=ENGINES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("make", [ElasticsearchEngine, OpenSearchEngine])
def test_a_server_that_is_not_there_is_said_in_a_sentence(
    make: type[ElasticsearchEngine] | type[OpenSearchEngine],
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(IndexAway, match=rf"http://127.0.0.1:{port} does not answer"):
        make(Address(url=f"http://127.0.0.1:{port}"), 1.0)


def test_a_server_of_the_other_kind_is_refused(elasticsearch_url: str, opensearch_url: str) -> None:
    with pytest.raises(Misconfigured, match=r"opensearch\+"):
        ElasticsearchEngine(Address(url=opensearch_url), 10.0)
    with pytest.raises(Misconfigured, match=r"elasticsearch\+"):
        OpenSearchEngine(Address(url=elasticsearch_url), 10.0)


def edition(dimensions: int) -> Edition:
    return Edition(name=FIRST, pack="-", model=SPACE.model, dimensions=dimensions)


def test_an_index_of_another_width_is_refused(kind: str, server: str, prefix: str) -> None:
    engine = connect(kind, server)
    make_products(engine, Naming(prefix), edition(4), "int8_hnsw")
    with pytest.raises(Misconfigured, match="4 dimensions, and the model pack makes 8"):
        make_products(engine, Naming(prefix), edition(8), "int8_hnsw")
    engine.close()


def test_an_index_that_is_not_ours_is_refused(kind: str, server: str, prefix: str) -> None:
    engine = connect(kind, server)
    engine.call("PUT", f"/{prefix}-products-{FIRST}", {})
    with pytest.raises(Misconfigured, match="not an index of this Lookalike's"):
        make_products(engine, Naming(prefix), edition(4), "int8_hnsw")
    engine.close()


def test_what_became_of_the_index_is_said_at_every_start(
    kind: str, server: str, prefix: str, tmp_path: Path
) -> None:
    """An index that was lost, and one that another program made in its place."""
    settings = Settings(data_dir=tmp_path, index_url=f"{kind}+{server}", index_prefix=prefix)
    make_watch(settings).editions.close()
    engine, index = connect(kind, server), f"/{prefix}-products-{FIRST}"
    engine.call("DELETE", index)
    with pytest.raises(Misconfigured, match="not there any more"):
        make_watch(settings)
    engine.call("DELETE", f"/_index_template/{prefix}-products")
    engine.call("PUT", index, {})
    with pytest.raises(Misconfigured, match="not an index of this Lookalike's"):
        make_watch(settings)
    engine.close()


def test_an_index_that_takes_no_writes_is_said_in_a_sentence(
    kind: str, server: str, prefix: str
) -> None:
    engine = connect(kind, server)
    index = open_engine(kind, server, prefix, SPACE)
    block = {"index.blocks.read_only_allow_delete": True}
    engine.call("PUT", f"/{prefix}-products-{FIRST}/_settings", block)
    with pytest.raises(IndexAway, match="disk"):
        index.write(TENANT, [Write(product("A"), None)])
    engine.call(
        "PUT",
        f"/{prefix}-products-{FIRST}/_settings",
        {"index.blocks.read_only_allow_delete": None},
    )
    assert index.write(TENANT, [Write(product("A"), None)]) == [True]
    engine.close()


def test_a_shard_that_is_away_is_no_empty_catalogue(kind: str, server: str, prefix: str) -> None:
    """Of two shards one has no node to be on; products are neither read nor counted as gone."""
    engine, naming = connect(kind, server), Naming(prefix)
    put_templates(engine, naming, SPACE.dimensions, "int8_hnsw")
    settings = {"number_of_shards": 2, "routing.allocation.total_shards_per_node": 1}
    params = {"wait_for_active_shards": "0"}
    engine.call("PUT", f"/{prefix}-products-{FIRST}", {"settings": {"index": settings}}, params)
    index = open_editions(kind, server, prefix).open(edition(SPACE.dimensions), 0)
    with pytest.raises(IndexAway):
        index.stamps(None, 10)
    away = 0
    for number in range(20):
        try:
            assert index.get(f"tenant-{number}", [product("A").id]) == {}
        except IndexAway:
            away += 1
    assert 0 < away < 20
    engine.close()


def test_an_index_of_an_earlier_version_learns_the_new_fields(
    kind: str, server: str, prefix: str
) -> None:
    engine, naming, index = connect(kind, server), Naming(prefix), f"/{prefix}-products-{FIRST}"
    put_templates(engine, naming, 4, "int8_hnsw")
    template = engine.call("GET", f"/_component_template/{prefix}-products").body
    earlier = template["component_templates"][0]["component_template"]["template"]
    del earlier["mappings"]["properties"]["failure_reason"]
    engine.call("PUT", f"/_component_template/{prefix}-products", {"template": earlier})
    engine.call("PUT", index, {})
    make_products(engine, naming, edition(4), "int8_hnsw")
    [made] = engine.call("GET", f"{index}/_mapping").body.values()
    assert made["mappings"]["properties"]["failure_reason"] == {"type": "keyword"}
    engine.close()


def test_a_mapping_never_grows(kind: str, server: str, prefix: str) -> None:
    engine = connect(kind, server)
    make_products(engine, Naming(prefix), edition(4), "int8_hnsw")
    path = f"/{prefix}-products-{FIRST}/_doc/a"
    answer = engine.call("PUT", path, {"surprise": 1}, {"routing": TENANT})
    assert (answer.status, "strict" in str(answer.body)) == (400, True)
    engine.close()
