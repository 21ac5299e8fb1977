import { useState } from "react";
import { applyTheme, nextTheme, readTheme } from "../lib/theme";
import { MoonIcon, SunIcon, SystemIcon } from "./icons";

const names = { system: "as the system", light: "light", dark: "dark" } as const;

export function ThemeToggle() {
  const [theme, setTheme] = useState(readTheme);
  const label = `Colours: ${names[theme]}`;
  return (
    <button
      type="button"
      className="control"
      aria-label={label}
      title={label}
      data-testid="theme"
      onClick={() => {
        const next = nextTheme(theme);
        applyTheme(next);
        setTheme(next);
      }}
    >
      {theme === "system" ? <SystemIcon /> : theme === "light" ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}
