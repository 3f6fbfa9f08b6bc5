// Finding and filling the parts of a page or template that are marked data-as.

export function parts(root) {
  const found = {};
  for (const node of root.querySelectorAll("[data-as]")) found[node.dataset.as] ??= node;
  return found;
}

/** Sets a text only where it changed, so that nothing flickers. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
