// One field for a link, with what it was understood to be right below it.
import { useId } from "react";
import { formatTime } from "../lib/format";
import { type Detection, kindNames } from "../players/source";

export interface MediaFieldProps {
  value: string;
  detection: Detection | null;
  /** Show what is wrong even before the person has finished, once they pressed the button. */
  strict: boolean;
  onChange(value: string): void;
  autoFocus?: boolean;
}

export function MediaField({
  value,
  detection,
  strict,
  onChange,
  autoFocus = false,
}: MediaFieldProps) {
  const inputId = useId();
  const hintId = useId();
  const refusal =
    detection && !detection.ok && (strict || value.trim().length > 8) ? detection.reason : "";
  const source = detection?.ok ? detection.source : null;
  return (
    <div className="field">
      <label htmlFor={inputId}>Link to a video</label>
      <input
        id={inputId}
        data-testid="url-input"
        type="text"
        inputMode="url"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        placeholder="https://… a file, HLS, DASH, YouTube, Vimeo or Twitch"
        value={value}
        aria-invalid={refusal !== ""}
        aria-describedby={hintId}
        // biome-ignore lint/a11y/noAutofocus: the field is what the person came here, or opened this sheet, for.
        autoFocus={autoFocus}
        onChange={(event) => onChange(event.target.value)}
      />
      <p
        id={hintId}
        className={refusal ? "hint hint-bad" : "hint"}
        data-testid="url-hint"
        aria-live="polite"
      >
        {refusal ||
          (source &&
            `${kindNames[source.kind]}${source.startMs > 0 ? `, from ${formatTime(source.startMs)}` : ""}${
              source.note ? `. ${source.note}` : ""
            }`)}
      </p>
    </div>
  );
}
