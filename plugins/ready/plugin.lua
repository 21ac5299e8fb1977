-- Whom a room waits for, for how long, and how many may be here for it to wait at all: for each reason a limit of viewers
-- (0: never wait for it) and a timeout.
local reason = { type = "one_of", values = { "stalled", "blocked", "joining", "lost" } }

local function limit(default, description)
  return { type = "int", min = 0, max = 500, default = default, description = description }
end

local function timeout(default, description)
  return { type = "int", min = 1, max = 600, default = default, description = description }
end

return {
  name = "ready",
  version = "1.0.0",
  api = 1,
  description = "Ready checks, and waiting for those whose player cannot keep up",
  after = { "host_control", "queue", "schedule", "vote" }, -- asked last: what others refuse is not remembered here
  on_fail = "open",
  grants = { "playback" },

  settings = {
    patience_s = {
      type = "number",
      min = 0,
      max = 10,
      default = 0.7,
      description = "a stall shorter than this stops nobody",
    },
    stalled_limit = limit(20, "wait for players that stall, while at most so many are here"),
    stalled_timeout_s = timeout(20, "for so long"),
    blocked_limit = limit(0, "wait for players that their browser keeps from starting"),
    blocked_timeout_s = timeout(15, "for so long"),
    joining_limit = limit(0, "stop for those who come in until they have caught up"),
    joining_timeout_s = timeout(10, "for so long"),
    lost_limit = limit(0, "stop for those whose connection was cut"),
    lost_timeout_s = timeout(15, "for so long"),
    budget_s = {
      type = "int",
      min = 1,
      max = 3600,
      default = 60,
      description = "one viewer is waited for no longer than this within budget_window_s, all reasons together",
    },
    budget_window_s = { type = "int", min = 10, max = 86400, default = 600, description = "the span of budget_s" },
    check_timeout_s = timeout(30, "a ready check ends after this"),
    check_share = {
      type = "number",
      min = 0.01,
      max = 1,
      default = 1,
      description = "the share of those asked that has to be ready",
    },
  },

  shared = {
    waiting = {
      kind = "value",
      of = {
        type = "record",
        fields = {
          whom = {
            type = "list",
            of = {
              type = "record",
              fields = { viewer = "viewer", name = "text:0..32", reason = reason, ends_tick = "int" },
            },
            max = 20,
          },
          more = "int:0..", -- beyond those listed
          resume = "bool", -- goes on by itself; else somebody pressed pause meanwhile
          since_tick = "int",
          ends_tick = "int", -- at the latest
        },
        optional = true,
      },
      description = "present while the room stands still for somebody; pressing play then starts it anyway",
    },
    check = {
      kind = "value",
      of = {
        type = "record",
        fields = {
          by = "viewer?",
          by_name = "text:0..32",
          since_tick = "int",
          ends_tick = "int",
          asked = "int", -- how many are asked: those who are here and not away
          needed = "int",
        },
        optional = true,
      },
      description = "present while a ready check runs; the film starts when enough are ready",
    },
    ready = { kind = "set", key = "viewer", size = 1000, description = "who has said yes to the check" },
    excused = { kind = "set", key = "viewer", size = 1000, description = "who has asked not to be waited for" },
  },

  saved = {
    -- How long each viewer has been waited for, and since when that is counted.
    budgets = {
      kind = "map",
      key = "viewer",
      of = { type = "record", fields = { since_s = "number", used_s = "number" } },
      size = 1000,
    },
  },

  commands = {
    check = {
      args = { timeout_s = "int:5..600?" },
      permission = "ready.check",
      rate = { per_s = 0.2, burst = 3 },
      description = "pauses and asks everyone; the film starts when enough are ready",
    },
    answer = { args = { ready = "bool" }, description = "of a running check" },
    stop_check = { args = {}, permission = "ready.check" },
    excuse = { args = { on = "bool" }, description = "do not wait for me, or do" },
  },

  events = {
    check_ended = {
      of = {
        type = "record",
        fields = {
          result = { type = "one_of", values = { "ready", "timeout", "stopped" } },
          ready = "int",
          asked = "int",
        },
      },
    },
    went_on_without = {
      of = {
        type = "record",
        fields = {
          names = { type = "list", of = "text:0..32", max = 20 },
          why = { type = "one_of", values = { "timeout", "forced" } },
        },
      },
    },
  },

  permissions = {
    ["ready.check"] = "ask whether everyone is ready",
  },
}
