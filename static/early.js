// Runs before the page is drawn, so that what needs JavaScript does not flash in its plain form first.
document.documentElement.classList.add('js');
document.addEventListener('DOMContentLoaded', () => {
  document.body.classList.add('js-enabled', 'govuk-frontend-supported');
});
