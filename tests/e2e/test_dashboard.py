"""The RQ dashboard over our queues, in a real browser: what failed, why, and once more."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from lookalike.demo.pictures import PictureHost
from tests.api.harness import jpeg
from tests.e2e.harness import Commands, eventually
from tests.servers.browser import chromium
from tests.servers.needs import NotHere

PASSWORD = "long enough for a test"


@pytest.fixture
def browser() -> Iterator[Browser]:
    try:
        with chromium() as started:
            yield started
    except NotHere as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


@pytest.fixture
def dashboard(commands: Commands, tmp_path: Path) -> str:
    """The URL of a dashboard that runs."""
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    process = commands.start("dashboard", "--port", "0", "--password-file", str(file))
    assert process.stdout is not None
    return process.stdout.readline().split()[1]


def visit(page: Page, url: str) -> int:
    """Opens a page as soon as somebody serves it; gives the status."""

    def opened() -> int:
        try:
            answer = page.goto(url)
        except Error as error:
            if "ERR_CONNECTION_REFUSED" not in error.message:
                raise
            return 0
        return answer.status if answer else 0

    return int(eventually(opened))


def row(page: Page, queue: str) -> list[str]:
    """The counts of a queue: queued, deferred, scheduled, started, finished, failed, cancelled."""
    line = page.locator("tr[data-role=queue]").filter(has=page.get_by_text(queue, exact=True))
    expect(line).to_have_count(1)
    return line.locator("td").all_inner_texts()[1:]


def test_a_task_that_failed_is_shown_with_its_reason_and_runs_again_by_a_click(
    commands: Commands, browser: Browser, dashboard: str, redis_client: Redis, tmp_path: Path
) -> None:
    (tmp_path / "mug.jpg").write_bytes(jpeg("red"))
    shop = commands.serve()
    with PictureHost(tmp_path, 0) as host:
        product = {"title": "Mug", "image_url": host.url_of(tmp_path / "mug.jpg")}
        shop.call("POST", "/v1/catalog/products", product)
        queue = Queue("embed", connection=redis_client, serializer=JSONSerializer)
        (task,) = queue.job_ids
        with closing(sqlite3.connect(tmp_path / "data" / "catalogue.sqlite3")) as catalogue:
            catalogue.execute("BEGIN EXCLUSIVE")  # the embedded index is away: nobody may write
            worker = commands.worker()
            eventually(lambda: task in queue.failed_job_registry.get_job_ids())
            worker.terminate()
            worker.wait(60)
        failed = len(queue.failed_job_registry.get_job_ids())
        assert f"failed in the last hour: {failed}" in commands.run("top", "--once").stdout

        page = browser.new_page(http_credentials={"username": "admin", "password": PASSWORD})
        assert visit(page, dashboard) == 200
        with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
            browser.new_page().goto(dashboard)  # a password is asked for
        assert row(page, "embed")[5] == str(failed)
        page.screenshot(path=tmp_path / "queues.png")

        page.goto(f"{dashboard}/0/view/jobs/embed/failed/8/asc/1")
        shown = page.locator(f"tr[data-job-id='{task}']")
        expect(shown).to_contain_text("workers.tasks.embed_owed()")
        expect(shown).to_contain_text("IndexAway")
        page.screenshot(path=tmp_path / "failed.png")

        page.goto(f"{dashboard}/0/view/job/{task}")
        expect(page.locator("#job-data")).to_contain_text("IndexAway")
        page.screenshot(path=tmp_path / "task.png")
        with page.expect_response("**/requeue") as answered:
            page.get_by_role("button", name="Requeue").click()
        assert answered.value.status == 200
        assert task in queue.job_ids
        assert task not in queue.failed_job_registry.get_job_ids()

        commands.worker()
        eventually(lambda: shop.total("completed") == 1)
        assert task not in queue.job_ids
        assert task not in queue.failed_job_registry.get_job_ids()
        page.goto(f"{dashboard}/0/view/workers")
        expect(page.locator("tr[data-role=worker]")).to_have_count(1)
        page.screenshot(path=tmp_path / "workers.png")
