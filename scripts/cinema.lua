-- A cinema: one host at the projector, an audience that talks quietly, and a film that waits for nobody twice.
--
--   playhead scripts/cinema.lua
--
-- The host is whoever opens the room with the owner's link; while no owner is here, the first to come.

return {
  listen = "0.0.0.0:8080",
  web_root = "../clients/web/dist",
  media_folder = "../var/media",

  rooms = {
    {
      id = "cinema",
      title = "Cinema",
      listed = true,
      media = { kind = "file", url = "/media/demo.mp4", title = "Playhead demo" },
    },
  },

  plugins_folder = "../plugins",
  plugins = {
    roles = { owner_if_none = "longest_present" },
    host_control = { mode = "host", grace_s = 60 },
    chat = { keep = 100, length_max = 300, per_s = 0.5, slow_s = 5 },
    ready = { stalled_limit = 100, stalled_timeout_s = 10, budget_s = 30 },
    presence = {},
  },
}
