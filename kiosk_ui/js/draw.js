// Writing values into the page: slots (data-as), visibility, icons and keyed lists.
// Touches a node only when its content changes, so focus, scroll and transitions survive.

const SVG = "http://www.w3.org/2000/svg";

/** The element below root that is marked data-as=name. Throws when the page has none. */
export function slot(root, name) {
  const found = root.querySelector(`[data-as="${name}"]`);
  if (!found) throw new Error(`no slot ${name} in ${root.tagName}`);
  return found;
}

export function put(root, name, text) {
  const node = slot(root, name);
  const words = String(text);
  if (node.textContent !== words) node.textContent = words;
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/** Puts text into a slot, or hides the slot when there is nothing to say. */
export function putOrHide(root, name, text) {
  const empty = text === null || text === undefined || text === "";
  show(slot(root, name), !empty);
  if (!empty) put(root, name, text);
}

/** Shows exactly one of the elements marked data-view below root, and empties the one before. */
export function view(root, name) {
  for (const node of root.querySelectorAll(":scope > [data-view]")) {
    const wanted = node.dataset.view === name;
    if (!wanted && !node.hidden) wipe(node);
    show(node, wanted);
  }
}

/** Takes what belongs to a person out of a view that nobody sees, down to its pictures. */
function wipe(root) {
  for (const node of root.querySelectorAll("[data-as]")) {
    if (node.tagName === "IMG") node.removeAttribute("src");
    else if (node.childElementCount === 0) node.textContent = "";
  }
}

/**
 * Brings icons.svg into the page, once. Symbols of the page itself are drawn with the rest;
 * those of another file would come a moment later, each time.
 */
export async function loadIcons() {
  const answer = await fetch("/ui/icons.svg");
  if (!answer.ok) throw new Error(`icons: HTTP ${answer.status}`);
  const drawing = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  const symbols = document.importNode(drawing.documentElement, true);
  symbols.setAttribute("hidden", "");
  document.body.append(symbols);
}

/** Brings a part of the page from a file of its own, behind what is there. */
export async function loadPart(name) {
  const answer = await fetch(`/ui/${name}.html`);
  if (!answer.ok) throw new Error(`part ${name}: HTTP ${answer.status}`);
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("main").after(...document.importNode(part.body, true).children);
}

/** Points an <svg> at a symbol of icons.svg. */
export function icon(node, name) {
  const address = `#${name}`;
  const use = node.firstElementChild ?? node.appendChild(document.createElementNS(SVG, "use"));
  if (use.getAttribute("href") !== address) use.setAttribute("href", address);
}

/** Sets data-name on a node when it differs; style sheets read states from there. */
export function mark(node, name, value) {
  if (node.dataset[name] !== String(value)) node.dataset[name] = String(value);
}

/**
 * Makes parent's children one per item, in order, reusing the child whose key is the same.
 * Items may share a key (two papers of one print job): each keeps a child of its own.
 */
export function list(parent, template, items, key, fill) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const seen = new Map();
  items.forEach((item, place) => {
    const shared = String(key(item));
    const count = seen.get(shared) ?? 0;
    seen.set(shared, count + 1);
    const id = count === 0 ? shared : `${shared} ${count}`;
    const child = before.get(id) ?? template.content.firstElementChild.cloneNode(true);
    before.delete(id);
    child.dataset.key = id;
    if (parent.children[place] !== child) {
      parent.insertBefore(child, parent.children[place] ?? null);
    }
    fill(child, item);
  });
  before.forEach((child) => child.remove());
}
