// Makes elements without markup strings: nothing here or above can turn text into HTML, and no host policy (CSP,
// Trusted Types) stands in the way.

type Attributes = Readonly<Record<string, string>>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function set(element: Element, attributes: Attributes): void {
  for (const name of Object.keys(attributes)) element.setAttribute(name, attributes[name] as string);
}

/** A button that says `face`, or shows it and is called `name`. */
export function button(
  className: string,
  press: () => void,
  name: string,
  ...face: readonly Node[]
): HTMLButtonElement {
  const made = el('button', { type: 'button', class: className }, ...(face[0] ? face : [name]));
  if (face[0]) rename(made, name);
  made.onclick = press;
  return made;
}

/** Calls `named`, which shows no words, `name`. */
export function rename(named: Element, name: string): void {
  set(named, { title: name, 'aria-label': name });
}
