// Light, dark, or what the system says. The choice is an attribute on <html>; the style sheet does the rest.
import { readText, removeText, writeText } from "./storage";

export type Theme = "system" | "light" | "dark";

export function readTheme(): Theme {
  const stored = readText("theme");
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
    removeText("theme");
  } else {
    document.documentElement.dataset.theme = theme;
    writeText("theme", theme);
  }
}

export const nextTheme = (theme: Theme): Theme =>
  theme === "system" ? "light" : theme === "light" ? "dark" : "system";
