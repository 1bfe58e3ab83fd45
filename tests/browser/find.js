// Finds what a person would point at: (kind, words, group) → element, or null. `group` names a legend or a heading
// around it; empty means anywhere.
const [kind, words, group] = arguments;
const clean = (text) => (text || '').replace(/\s+/g, ' ').trim();
const shown = (element) => element.getClientRects().length > 0;
const all = (root, selector) => Array.from(root.querySelectorAll(selector));
const pick = (elements, text) =>
  elements.find((e) => clean(text(e)) === words) || elements.find((e) => clean(text(e)).startsWith(words)) || null;
const own = (element) => element.textContent;

let root = document;
if (group) {
  const legend = all(document, 'legend').find((e) => clean(own(e)).startsWith(group));
  const heading = all(document, 'h2, h3').find((e) => clean(own(e)).startsWith(group));
  root = legend ? legend.closest('fieldset') : heading && (heading.closest('section, form, article, li') || heading.parentElement);
  if (!root) return null;
}
const labels = () => all(root, 'label').filter(shown);
switch (kind) {
  case 'field': {
    const label = pick(labels(), own);
    return label && label.control;
  }
  case 'option':
    return pick(labels().filter((e) => e.control && /radio|checkbox/.test(e.control.type)), own);
  case 'fieldset': {
    const legend = pick(all(root, 'legend').filter(shown), own);
    return legend && legend.closest('fieldset');
  }
  case 'button':
    return pick(all(root, 'button, input[type=submit], summary').filter(shown), (e) => (e.matches('input') && e.value) || own(e));
  case 'link':
    return (
      pick(all(root, 'a[href]').filter(shown), own) ||
      all(root, 'a[href]').filter(shown).find((e) => clean(own(e)).includes(words)) ||
      null
    );
}
return null;
