// Runs in the page: every fault of layout that a person would see, as a list of sentences.
({ targetPx, typePx, scrolls }) => {
  const faults = [];
  const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  const name = (node) => {
    const { as, do: act, t } = node.dataset;
    const mark = as ?? act ?? t ?? node.className;
    return `<${node.tagName.toLowerCase()} ${mark}> "${node.textContent.trim().slice(0, 24)}"`;
  };
  const shown = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.5;
  const scroller = (node) => /auto|scroll/.test(getComputedStyle(node).overflowY);
  const within = (rect, box) => rect.left >= box.left - 1.5 && rect.right <= box.right + 1.5
    && rect.top >= box.top - 1.5 && rect.bottom <= box.bottom + 1.5;

  // Nothing sticks out sideways; nothing but the named lists scrolls.
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} px wide`);
  if (!scrolls && root.scrollHeight > root.clientHeight) faults.push("the page scrolls");
  for (const node of top.querySelectorAll("*")) {
    if (shown(node) && node.clientWidth > 0 && node.tagName !== "INPUT") {
      const wide = node.scrollWidth - node.clientWidth;
      if (wide > 1 && getComputedStyle(node).overflowX !== "visible") {
        faults.push(`${name(node)} overflows sideways by ${wide} px`);
      }
    }
  }
  if (top.tagName === "DIALOG" && top.scrollHeight > top.clientHeight + 1) {
    faults.push(`the dialog is ${top.scrollHeight - top.clientHeight} px too high`);
  }

  // What of a box is left inside the scrolling lists around it; null when nothing is.
  const visible = (rect, from) => {
    let { left, right, top: up, bottom } = rect;
    for (let node = from; node && node !== top.parentElement; node = node.parentElement) {
      if (!scroller(node)) continue;
      const box = node.getBoundingClientRect();
      [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
      [up, bottom] = [Math.max(up, box.top), Math.min(bottom, box.bottom)];
    }
    return right - left > 1 && bottom - up > 1 ? { left, right, top: up, bottom } : null;
  };

  // Touch targets: big enough, and none over another.
  const touchables = [...top.querySelectorAll("button, input, a")].filter(shown);
  const boxes = touchables.map((node) => visible(node.getBoundingClientRect(), node.parentElement));
  touchables.forEach((node, place) => {
    const box = node.getBoundingClientRect();
    if (Math.min(box.width, box.height) < targetPx - 0.5) {
      faults.push(`${name(node)} is only ${box.width.toFixed(0)} by ${box.height.toFixed(0)} px`);
    }
    for (let other = place + 1; other < touchables.length; other += 1) {
      if (boxes[place] && boxes[other] && overlap(boxes[place], boxes[other])) {
        faults.push(`${name(node)} overlaps ${name(touchables[other])}`);
      }
    }
  });

  // Text: large enough, inside every box around it, and none over another.
  const texts = [];
  const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: node, textContent } = walker.currentNode;
    if (!textContent.trim() || !shown(node)) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const sizePx = parseFloat(getComputedStyle(node).fontSize);
    if (sizePx < typePx - 0.1) faults.push(`${name(node)} is set in ${sizePx} px`);
    for (const rect of range.getClientRects()) {
      // A line box is taller than its ink; compare the em square around its middle.
      const middle = (rect.top + rect.bottom) / 2;
      const [up, bottom] = [middle - sizePx / 2, middle + sizePx / 2];
      const ink = { left: rect.left, right: rect.right, top: up, bottom };
      for (let box = node; box && box !== root; box = box.parentElement) {
        if (scroller(box)) break;
        if (getComputedStyle(box).display === "inline") continue;
        if (!within(ink, box.getBoundingClientRect())) {
          faults.push(`${name(node)} sticks out of ${name(box)}`);
          break;
        }
      }
      const seen = visible(ink, node);
      if (seen) texts.push({ node, rect: seen });
    }
  }
  texts.forEach((one, place) => {
    for (const two of texts.slice(place + 1)) {
      if (one.node !== two.node && overlap(one.rect, two.rect)) {
        faults.push(`${name(one.node)} is printed over ${name(two.node)}`);
      }
    }
  });

  // Icons stand beside words, never on them.
  for (const icon of [...top.querySelectorAll("svg.icon")].filter(shown)) {
    const box = visible(icon.getBoundingClientRect(), icon.parentElement);
    for (const { node, rect } of texts) {
      if (box && overlap(box, rect)) faults.push(`an icon covers ${name(node)}`);
    }
  }

  // Pictures that did not come.
  for (const image of top.querySelectorAll("img")) {
    const drawn = image.complete && image.naturalWidth > 0;
    if (shown(image) && !drawn) faults.push(`${name(image)} is empty`);
  }
  for (const use of top.querySelectorAll("use")) {
    if (shown(use.parentElement) && use.getBoundingClientRect().width === 0) {
      faults.push(`the icon ${use.getAttribute("href")} is empty`);
    }
  }
  return [...new Set(faults)];
}
