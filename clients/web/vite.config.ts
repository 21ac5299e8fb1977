import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev -w web` serves the app and passes everything else to an engine: PLAYHEAD_ENGINE names it.
const engine = process.env.PLAYHEAD_ENGINE ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // The players are loaded on demand; dash.js alone is larger than Vite's default warning limit.
    chunkSizeWarningLimit: 1200,
  },
  server: {
    host: "127.0.0.1",
    // The engine compares Origin with Host, so both have to name it.
    proxy: {
      "/api": { target: engine, changeOrigin: true, headers: { origin: engine } },
      "/media": { target: engine, changeOrigin: true },
      "/ws": {
        target: engine.replace(/^http/, "ws"),
        ws: true,
        changeOrigin: true,
        headers: { origin: engine },
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["test/setup.ts"],
  },
});
