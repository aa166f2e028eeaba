// A search that finds while one types: <form method="get" data-live="#id">. What its address
// answers is a whole page, of which the element with that id takes the place of the one here.
for (const form of document.querySelectorAll("form[data-live]")) {
  let waiting = 0;
  let asked = null;

  const show = async () => {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    const address = `${form.getAttribute("action")}?${query}`;
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(address, { signal: asked.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector(form.dataset.live);
      if (found) document.querySelector(form.dataset.live).replaceWith(found);
      history.replaceState(null, "", address);
    } catch (problem) {
      if (problem.name !== "AbortError") form.submit();
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    show();
  });
  // Somebody may have typed before this script was there.
  if ([...form.querySelectorAll("input")].some((input) => input.value !== input.defaultValue)) show();
}

// <input data-picks="range own">: whoever fills this in means the option `own` of the list #range.
for (const input of document.querySelectorAll("[data-picks]")) {
  const [list, option] = input.dataset.picks.split(" ");
  input.addEventListener("input", () => { document.getElementById(list).value = option; });
}

// <… data-part="address">: a part of the page that comes by itself. Every element with an id in what
// the address answers takes the place of the one with the same id here.
for (const place of document.querySelectorAll("[data-part]")) {
  (async () => {
    const answer = await fetch(place.dataset.part).catch(() => null);
    if (!answer?.ok) {
      const loading = place.querySelector(".loading");
      if (loading) loading.textContent = "This part could not be loaded. Load the page again.";
      place.removeAttribute("aria-busy");
      return;
    }
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const found of part.body.querySelectorAll(":scope > [id]")) {
      document.getElementById(found.id)?.replaceWith(found);
    }
  })();
}
