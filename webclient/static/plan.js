/**
 * Planen: a row opens in a dialog, and a quiet line says when the plan has changed meanwhile. The list itself
 * never moves under somebody's hand. Without this script rows open as pages of their own.
 */

const TRY_AGAIN = 5000;
const dialog = document.getElementById("plan-dialog");
const news = document.getElementById("plan-news");

document.addEventListener("htmx:after:swap", () => {
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
  if (document.getElementById("plan-dialog-body")?.childElementCount) dialog.showModal();
});

dialog?.addEventListener("close", () => {
  document.getElementById("plan-dialog-body")?.replaceChildren();
});

// A touch beside the dialog closes it.
dialog?.addEventListener("click", (event) => {
  if (event.target === dialog && dialog instanceof HTMLDialogElement) dialog.close();
});

function listen() {
  const address = news?.dataset.news;
  if (!address) return;
  const source = new EventSource(address);
  source.addEventListener("changed", () => {
    if (news) news.hidden = false;
  });
  source.addEventListener("error", () => {
    // The browser opens it again by itself, unless the answer was no stream: signed out, or the server is new.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, TRY_AGAIN);
  });
}

listen();
