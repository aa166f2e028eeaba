// While somebody chooses, the cost below the form follows. Without script a button shows it.
const form = document.querySelector("#backfill");
if (form) {
  let waiting = 0;
  let asked = null;

  const show = async () => {
    asked?.abort();
    asked = new AbortController();
    document.querySelector("#cost").classList.add("is-old");
    try {
      const answer = await fetch(form.dataset.cost, {
        method: "POST", body: new URLSearchParams(new FormData(form)), signal: asked.signal,
      });
      if (!answer.ok) return;
      const found = document.createElement("template");
      found.innerHTML = await answer.text();
      document.querySelector("#cost").replaceWith(found.content.querySelector("#cost"));
    } catch (problem) {
      if (problem.name !== "AbortError") document.querySelector("#cost").classList.remove("is-old");
    }
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 250);
  };

  form.addEventListener("input", soon);
  for (const part of form.querySelectorAll("[data-without-script]")) part.hidden = true;
  for (const part of form.querySelectorAll("[data-all], .ranges")) part.hidden = false;
  for (const button of form.querySelectorAll("[data-start]")) {
    button.addEventListener("click", () => {
      form.elements.start.value = button.dataset.start;
      form.elements.end.value = button.dataset.end;
      soon();
    });
  }
  for (const button of form.querySelectorAll("[data-all]")) {
    const boxes = [...form.querySelectorAll(`input[name="${button.dataset.all}"]:not(:disabled)`)];
    button.addEventListener("click", () => {
      const all = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !all;
      soon();
    });
  }
}
