// Renders into the page and reads it back: what a component test needs, without a library.
import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach } from "vitest";

const roots: Root[] = [];

export interface Rendered {
  page: HTMLElement;
  /** The element with this data-testid; fails the test when there is none. */
  get(testId: string): HTMLElement;
  query(testId: string): HTMLElement | null;
  again(node: ReactNode): void;
}

export function render(node: ReactNode): Rendered {
  const page = document.createElement("div");
  document.body.append(page);
  const root = createRoot(page);
  roots.push(root);
  act(() => root.render(node));
  const query = (testId: string) =>
    document.querySelector<HTMLElement>(`[data-testid="${testId}"]`);
  return {
    page,
    query,
    get(testId) {
      const element = query(testId);
      if (!element) throw new Error(`nothing on the page has the test id "${testId}"`);
      return element;
    },
    again: (next) => act(() => root.render(next)),
  };
}

afterEach(() => {
  act(() => {
    for (const root of roots.splice(0)) root.unmount();
  });
});

/** Types into a field as a browser does: React listens for the native event. */
export function type(field: HTMLElement, value: string): void {
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
  act(() => {
    setter?.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

export const click = (element: HTMLElement): void => act(() => element.click());

export function press(
  key: string,
  target: EventTarget = document.body,
  init: KeyboardEventInit = {},
): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  act(() => {
    target.dispatchEvent(event);
  });
  return event;
}

/** Lets promises settle and React catch up. */
export const settle = (): Promise<void> => act(async () => {});
