// <div data-poll="/address">: what the address answers takes the place of what is inside, again and
// again: often while its first element says data-live, seldom otherwise, never in a hidden tab.
const OFTEN = 2000;
const SELDOM = 20000;

for (const place of document.querySelectorAll("[data-poll]")) {
  let asked = 0;

  const pause = () => (place.firstElementChild?.hasAttribute("data-live") ? OFTEN : SELDOM);
  const later = () => { asked = setTimeout(show, pause()); };
  const show = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.poll, { headers: { Accept: "text/html" } });
      if (answer.status === 401) location.reload();
      if (answer.ok) {
        const fresh = document.createElement("template");
        fresh.innerHTML = await answer.text();
        renew(place, fresh.content);
      }
    } catch {
      // The network is away; the next try may find it.
    }
    later();
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(asked);
    if (!document.hidden) show();
  });
  later();
}

// Parts with data-keep stay as long as their text stays: a screen reader says only what is new.
function renew(place, fresh) {
  for (const part of fresh.querySelectorAll("[data-keep]")) {
    const known = place.querySelector(`[data-keep="${part.dataset.keep}"]`);
    if (known && known.textContent.trim() === part.textContent.trim()) part.replaceWith(known);
  }
  place.replaceChildren(...fresh.childNodes);
}
