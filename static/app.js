// Enhances only: every page works without this file.
import { initAll } from './govuk.js';

// This may run before early.js has seen the body; the library looks for the mark.
document.body.classList.add('js-enabled', 'govuk-frontend-supported');
initAll();

// A form is sent once: a second press within five seconds, on the same form, does nothing.
const sent = new WeakMap();
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  const last = sent.get(form);
  if (last !== undefined && event.timeStamp - last < 5000) {
    event.preventDefault();
    return;
  }
  sent.set(form, event.timeStamp);
});
// Coming back to a page kept by the browser, its forms can be sent again.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) for (const form of document.forms) sent.delete(form);
});

// Says which files were chosen, and which are too large, before anything is sent.
const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);
for (const input of document.querySelectorAll('input[type="file"][data-chosen]')) {
  const list = document.getElementById(input.dataset.chosen);
  if (!list) continue;
  input.addEventListener('change', () => {
    const limit = Number(input.dataset.limit || 0);
    list.replaceChildren(...Array.from(input.files, (file) => {
      const item = document.createElement('li');
      const over = limit > 0 && file.size > limit;
      item.textContent = `${file.name}, ${size(file.size)}${over ? `: too large, the most is ${size(limit)}` : ''}`;
      if (over) item.className = 'chosen__over';
      return item;
    }));
  });
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
