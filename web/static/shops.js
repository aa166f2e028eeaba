// The list of shops: find as you type, and a bar for the shops that are ticked.
const rows = [...document.querySelectorAll(".shop")];
const search = document.querySelector("#q");
const many = document.querySelector("#many");
const boxes = rows.map((row) => row.querySelector("input[type=checkbox]"));

search?.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
  }
  for (const group of document.querySelectorAll(".shop-group")) {
    group.hidden = !group.querySelector(".shop:not([hidden])");
  }
  document.querySelector("#none-found").hidden = rows.some((row) => !row.hidden);
});

const count = () => {
  const ticked = boxes.filter((box) => box.checked).length;
  many.classList.toggle("is-empty", ticked === 0);
  many.querySelector(".many-count").textContent =
    ticked === 1 ? "1 shop chosen:" : `${ticked} shops chosen:`;
  for (const box of boxes) box.closest(".shop").classList.toggle("is-chosen", box.checked);
};
for (const box of boxes) box.addEventListener("change", count);
const all = many.querySelector("[data-tick-all]");
all.hidden = false;
all.addEventListener("click", () => {
  boxes.forEach((box, at) => { box.checked = !rows[at].hidden; });
  count();
});
count();

// A menu closes when something else is clicked, or with Escape.
const menus = [...document.querySelectorAll("details.menu")];
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus.filter((one) => one.open)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
