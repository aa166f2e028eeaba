// What every page has. Everything works without it too, if a little less comfortably.
document.documentElement.classList.add("scripted");

const menu = document.querySelector(".menu-button");
menu?.addEventListener("click", () => {
  const open = document.querySelector(".topbar nav").classList.toggle("is-open");
  menu.setAttribute("aria-expanded", String(open));
});

// <button data-copy="#id"> copies the text of that element.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    const former = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = former; }, 2000);
  });
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page taken back from the browser's memory may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
