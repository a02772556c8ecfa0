// A term of the glossary shows on the spot what it means: under the mouse, at keyboard focus, at the first tap.
// Escape closes the card. What terms mean stands in terms.js, which tools/terms.py writes at build.
(() => {
  const folder = new URL(".", document.currentScript.src).href;
  let card, shown, timer;

  const hide = () => {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = undefined;
    if (card?.matches(":popover-open")) card.hidePopover();
  };

  const place = (link) => {
    const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
    const { width, height } = card.getBoundingClientRect();
    const below = at.bottom + 6 + height < innerHeight || at.top < height + 6;
    card.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
    card.style.top = `${below ? at.bottom + 6 : at.top - height - 6}px`;
  };

  const show = async (link) => {
    const meaning = globalThis.ganbookTerms?.[decodeURIComponent(link.hash.slice(1))];
    clearTimeout(timer);
    if (!meaning || shown === link) return;
    hide();
    shown = link;
    card.innerHTML = meaning;
    card.showPopover();
    link.setAttribute("aria-describedby", card.id);
    if (card.querySelector(".math")) await window.MathJax?.typesetPromise?.([card]);
    if (shown === link) place(link);
  };

  const later = (act, milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };

  addEventListener("DOMContentLoaded", () => {
    const links = [...document.querySelectorAll("article a:has(> .std-term)")];
    if (!links.length || !HTMLElement.prototype.showPopover) return;
    document.head.append(Object.assign(document.createElement("script"), { src: `${folder}terms.js`, async: true }));
    card = Object.assign(document.createElement("div"), { id: "gan-card", role: "tooltip", popover: "manual" });
    document.body.append(card);
    card.addEventListener("mouseenter", () => clearTimeout(timer));
    card.addEventListener("mouseleave", () => later(hide, 200));
    for (const link of links) {
      link.addEventListener("mouseenter", () => later(() => show(link), 150));
      link.addEventListener("mouseleave", () => later(hide, 200));
      link.addEventListener("focus", () => link.matches(":focus-visible") && show(link));
      link.addEventListener("blur", hide);
      // A finger has nothing to hover with: it opens the card first, and follows the link the second time.
      link.addEventListener("click", (event) => {
        if (event.pointerType !== "touch" || shown === link) return;
        event.preventDefault();
        show(link);
      });
    }
    addEventListener("keydown", (event) => event.key === "Escape" && hide());
    addEventListener("scroll", () => shown && place(shown), { passive: true });
    addEventListener("resize", hide);
    addEventListener("pointerdown", (event) => shown && !event.target.closest?.("#gan-card, .std-term") && hide());
  });
})();
