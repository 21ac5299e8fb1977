// Icons on a 24 x 24 grid, drawn in the text's colour. Decoration: the button around one carries the label.
import type { ReactNode } from "react";

const Icon = ({ children, filled = false }: { children: ReactNode; filled?: boolean }) => (
  <svg
    className="icon"
    viewBox="0 0 24 24"
    width="24"
    height="24"
    fill={filled ? "currentColor" : "none"}
    stroke={filled ? "none" : "currentColor"}
    strokeWidth="1.8"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    {children}
  </svg>
);

export const PlayIcon = () => (
  <Icon filled>
    <path d="M8 5.3v13.4a.8.8 0 0 0 1.2.7l10.6-6.7a.8.8 0 0 0 0-1.4L9.2 4.6a.8.8 0 0 0-1.2.7z" />
  </Icon>
);
export const PauseIcon = () => (
  <Icon filled>
    <rect x="6.5" y="5" width="4" height="14" rx="1" />
    <rect x="13.5" y="5" width="4" height="14" rx="1" />
  </Icon>
);
const Speaker = () => <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" fill="currentColor" />;
export const VolumeIcon = () => (
  <Icon>
    <Speaker />
    <path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11" />
  </Icon>
);
export const QuietIcon = () => (
  <Icon>
    <Speaker />
    <path d="M15.5 9a4.2 4.2 0 0 1 0 6" />
  </Icon>
);
export const MutedIcon = () => (
  <Icon>
    <Speaker />
    <path d="m16 9.5 5 5m0-5-5 5" />
  </Icon>
);
export const CaptionsIcon = () => (
  <Icon>
    <rect x="3" y="5.5" width="18" height="13" rx="2.5" />
    <path d="M10.5 10.6a2 2 0 1 0 0 2.8M17 10.6a2 2 0 1 0 0 2.8" />
  </Icon>
);
export const QualityIcon = () => (
  <Icon>
    <path d="M4 8h9m4 0h3M4 16h3m4 0h9" />
    <circle cx="15" cy="8" r="2" />
    <circle cx="9" cy="16" r="2" />
  </Icon>
);
export const FullscreenIcon = () => (
  <Icon>
    <path d="M4 9V4.5h4.5M15.5 4.5H20V9M20 15v4.5h-4.5M8.5 19.5H4V15" />
  </Icon>
);
export const ShrinkIcon = () => (
  <Icon>
    <path d="M8.5 4.5V9H4M20 9h-4.5V4.5M15.5 19.5V15H20M4 15h4.5v4.5" />
  </Icon>
);
export const LinkIcon = () => (
  <Icon>
    <path d="M10 14a4 4 0 0 0 6 .4l2.8-2.8a4 4 0 0 0-5.7-5.7l-1.2 1.2" />
    <path d="M14 10a4 4 0 0 0-6-.4l-2.8 2.8a4 4 0 0 0 5.7 5.7l1.2-1.2" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m6.5 6.5 11 11m0-11-11 11" />
  </Icon>
);
export const PencilIcon = () => (
  <Icon>
    <path d="M5 19l.8-3.6L15.6 5.6a1.9 1.9 0 0 1 2.8 2.8L8.6 18.2zM13.8 7.4l2.8 2.8" />
  </Icon>
);
export const FilmIcon = () => (
  <Icon>
    <rect x="3" y="5" width="18" height="14" rx="2.5" />
    <path d="M7.5 5v14M16.5 5v14M3 9.7h4.5M3 14.3h4.5M16.5 9.7H21M16.5 14.3H21" />
  </Icon>
);
export const HelpIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M9.8 9.6a2.3 2.3 0 1 1 3.3 2.3c-.8.4-1.1.9-1.1 1.8M12 16.6v.1" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="3.8" />
    <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z" />
  </Icon>
);
export const SystemIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor" />
  </Icon>
);
export const CrownIcon = () => (
  <Icon filled>
    <path d="m4 8.5 4 3.2 4-6 4 6 4-3.2-1.6 9.2a.8.8 0 0 1-.8.7H6.4a.8.8 0 0 1-.8-.7z" />
  </Icon>
);
export const TapIcon = () => (
  <Icon>
    <path d="M9 11.5V6.2a1.7 1.7 0 0 1 3.4 0v4.3l4.6 1a2.2 2.2 0 0 1 1.7 2.6l-.8 3.9a2.5 2.5 0 0 1-2.4 2H12a3 3 0 0 1-2.4-1.2l-3.3-4.3a1.6 1.6 0 0 1 2.4-2.1z" />
    <path d="M6.3 8.5a5 5 0 1 1 9 0" />
  </Icon>
);
export const WarningIcon = () => (
  <Icon>
    <path d="M12 4.5 21 19.5H3zM12 10.5v4M12 17v.1" />
  </Icon>
);
export const MoreIcon = () => (
  <Icon filled>
    <circle cx="5.5" cy="12" r="1.7" />
    <circle cx="12" cy="12" r="1.7" />
    <circle cx="18.5" cy="12" r="1.7" />
  </Icon>
);
export const ReplyIcon = () => (
  <Icon>
    <path d="M10 7 5 12l5 5M5 12h8a6 6 0 0 1 6 6" />
  </Icon>
);
export const TrashIcon = () => (
  <Icon>
    <path d="M5 7h14M10 4.5h4M7 7l.8 11.5a1 1 0 0 0 1 1h6.4a1 1 0 0 0 1-1L17 7M10.5 11v5M13.5 11v5" />
  </Icon>
);
export const SendIcon = () => (
  <Icon filled>
    <path d="M4.2 19.2 20.6 12 4.2 4.8l1.7 5.9 7.6 1.3-7.6 1.3z" />
  </Icon>
);
export const GripIcon = () => (
  <Icon>
    <path d="M6 9h12M6 15h12" />
  </Icon>
);
export const SkipIcon = () => (
  <Icon filled>
    <path d="M6 6v12a.7.7 0 0 0 1.1.6L15 13v5h2.5V6H15v5L7.1 5.4A.7.7 0 0 0 6 6z" />
  </Icon>
);
export const HeartIcon = ({ filled }: { filled: boolean }) => (
  <Icon filled={filled}>
    <path d="M12 19.5S4.5 15 4.5 9.8A3.9 3.9 0 0 1 12 8a3.9 3.9 0 0 1 7.5 1.8c0 5.2-7.5 9.7-7.5 9.7z" />
  </Icon>
);
export const MarkIcon = () => (
  <svg
    className="mark"
    viewBox="0 0 32 32"
    width="28"
    height="28"
    aria-hidden="true"
    focusable="false"
  >
    <rect width="32" height="32" rx="8" fill="var(--accent)" />
    <path d="M10 8.5v15l6.5-7.5z" fill="#fff" opacity=".55" />
    <path d="M16 8.5v15L24 16z" fill="#fff" />
  </svg>
);
