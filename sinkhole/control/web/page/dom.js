// Making elements. All text goes in as text nodes: nothing here, or anywhere on this page,
// turns a string into markup (the page's policy would refuse it, too).

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

/** An element; a function among the attributes listens to the event it is keyed by. */
export function el(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** The same for the parts of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/**
 * Make `parent` hold one child per item, in order, re-using the child of an item's key, so that
 * focus and selection outlive a refresh. `make(item)` makes a child, `update(child, item)`
 * (optional) brings a kept one up to date.
 */
export function keyed(parent, items, keyOf, make, update = () => {}) {
  const kept = new Map(Array.from(parent.children, (child) => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = kept.get(key);
    kept.delete(key);
    if (child) update(child, item);
    else {
      child = make(item);
      child.dataset.key = key;
    }
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  for (const child of kept.values()) child.remove();
}
