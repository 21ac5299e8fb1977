import { createRoot } from "react-dom/client";
import { App } from "./app";
import "./styles/base.css";
import "./styles/landing.css";
import "./styles/room.css";
import "./styles/controls.css";

const root = document.getElementById("root");
// No StrictMode: its second mount of every effect would join each room twice.
if (root) createRoot(root).render(<App />);
