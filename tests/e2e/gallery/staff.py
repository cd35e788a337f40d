"""The four main pages of the staff, in the demo on an ordinary morning."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser

from tests.e2e.demo import running_demo
from tests.e2e.gallery.camera import Camera

NAMES = ("staff-my-day", "staff-contact", "staff-call", "staff-plan", "staff-needs")


async def staff_tour(browser: Browser, folder: Path, camera: Camera) -> None:
    """Min dag and what it leads to as the care worker who has a call to make; the rest as a coordinator."""
    if not any(name.startswith(camera.only) or camera.only.startswith(name) for name in NAMES):
        return
    async for demo in running_demo(folder):
        worker = await demo.signed_in(browser, "care_worker")
        page = await worker.new_page()
        await page.goto(f"{demo.url}/min-dag")
        await camera.staff(page, "staff-my-day")
        call = page.get_by_role("link", name="Ring").or_(page.get_by_role("button", name="Ring")).first
        address = await call.get_attribute("href") or await call.evaluate("(one) => one.form.action")
        contact = "/".join(address.split("/samtal")[0].split("/")[-2:])
        await page.goto(f"{demo.url}/{contact}")
        await camera.staff(page, "staff-contact")
        await page.goto(f"{demo.url}/{contact}/samtal")
        await camera.staff(page, "staff-call")
        await worker.close()
        coordinator = await demo.signed_in(browser, "coordinator")
        page = await coordinator.new_page()
        for path, name in (("planen", "staff-plan"), ("behover", "staff-needs")):
            await page.goto(f"{demo.url}/{path}")
            await page.wait_for_load_state("networkidle")
            await camera.staff(page, name)
        await coordinator.close()
