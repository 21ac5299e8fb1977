-- An arena: thousands watch what the host shows. They react and vote; what each of them does is gathered before it is told,
-- so that ten thousand cost little more than ten.
--
--   playhead scripts/arena.lua

return {
  listen = "0.0.0.0:8080",
  web_root = "../clients/web/dist",
  media_folder = "../var/media",

  rooms = {
    {
      id = "arena",
      title = "Arena",
      listed = true,
      media = { kind = "file", url = "/media/demo.mp4", title = "Playhead demo" },
    },
  },

  plugins_folder = "../plugins",
  plugins = {
    roles = { owner_if_none = "longest_present", who = { ["vote.start"] = "moderator", ["vote.poll"] = "moderator" } },
    host_control = { mode = "host", grace_s = 120 },
    reactions = { per_s = 1, burst = 3, gather_s = 0.5 },
    vote = { share = 0.5, motion_s = 60 },
    presence = { gather_s = 10, away_after_s = 60 }, -- votes count those who are not away
  },

  limits = {
    viewers_per_room_max = 20000,
    report_interval_ms = 5000,
  },
}
