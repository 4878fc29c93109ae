"""Pages in a real browser: how it is started, what a page said, and how well it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

FLAGS = (
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LEAST = 4.5  # WCAG 2.2, 1.4.3

# Ratios of contrast of all that can be seen: of words, and of lines and areas in charts, to what is behind.
CONTRASTS = """() => {
    const numbers = (color) => {
        const found = color.match(/[\\d.]+/g).map(Number);
        return found.length < 4 ? [...found.slice(0, 3), 1] : found;
    };
    const luminance = (color) => {
        const part = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = numbers(color).map((value) => part(value / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    // Of a colour that lets some of what is behind through.
    const over = (color, ground, opacity) => {
        const [seen, below] = [numbers(color), numbers(ground)];
        const share = seen[3] * opacity;
        return `rgb(${[0, 1, 2].map((at) => share * seen[at] + (1 - share) * below[at]).join(' ')})`;
    };
    const behind = (element) =>
        element ? over(getComputedStyle(element).backgroundColor, behind(element.parentElement), 1)
            : getComputedStyle(document.body).backgroundColor;
    const opacity = (element) =>
        element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1;
    const ratio = (color, element) => {
        const ground = behind(element);
        const both = [luminance(over(color, ground, opacity(element))), luminance(ground)];
        const [dark, light] = both.sort((x, y) => x - y);
        return (light + 0.05) / (dark + 0.05);
    };
    const hidden = { opacityProperty: true, visibilityProperty: true };
    const seen = (element) => element.checkVisibility(hidden) && !element.closest('.skip');
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !seen(element) || element.closest('title, desc')) continue;
        const style = getComputedStyle(element);
        const color = element.closest('svg') ? style.fill : style.color;
        found.push([walker.currentNode.data.trim().slice(0, 40), ratio(color, element)]);
    }
    for (const element of document.querySelectorAll('.bar, .point, .curve, .whisker, .wave, .limit')) {
        const style = getComputedStyle(element);
        const filled = style.fill !== 'none' && !element.matches('line, polyline, .point.s1');
        const color = filled ? style.fill : style.stroke;
        found.push([element.getAttribute('class'), ratio(color, element)]);
    }
    return found;
}"""


def opened(
    browser: Browser, path: Path, scheme: Any = "light", size: ViewportSize = DESKTOP, *, load: bool = True
) -> tuple[Page, list[str]]:
    """A fresh page, and everything that it said on the console or asked of the network."""
    page = browser.new_context(color_scheme=scheme, viewport=size).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on(
        "request", lambda request: said.append(request.url) if not request.url.startswith("data:") else None
    )
    if load:
        page.goto(path.as_uri())
    return page, said
