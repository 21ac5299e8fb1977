local person = { type = "record", fields = { viewer = "viewer", name = "text:0..32" } }

return {
  name = "presence",
  version = "1.0.0",
  api = 1,
  description = "Who is here, who is away, and who came and went",
  on_fail = "open",

  settings = {
    gather_s = {
      type = "number",
      min = 0.1,
      max = 60,
      default = 2,
      description = "joins and leaves are told together, this often at most",
    },
    away_after_s = {
      type = "int",
      min = 0,
      max = 3600,
      default = 10,
      description = "a viewer whose page is hidden for so long is away",
    },
  },

  shared = {
    away = {
      kind = "map",
      key = "viewer",
      of = { type = "record", fields = { since_tick = "int", by_hand = "bool" } },
      size = 200,
      description = "who is away; of very many only the first",
    },
    counts = {
      kind = "value",
      -- here = active + away + cut off
      of = {
        type = "record",
        fields = { here = "int", active = "int", away = "int" },
      },
    },
  },

  commands = {
    away = { args = { on = "bool" }, rate = { per_s = 1, burst = 5 }, description = "be right back, or back" },
    page = {
      args = { after = "viewer?", limit = "int:1..100?" },
      rate = { per_s = 5, burst = 20 },
      description = "a page of all who are here, by id: { viewers = {...}, next = the `after` of the next page, total = n }",
    },
  },

  events = {
    came_and_went = {
      of = {
        type = "record",
        fields = {
          joined = { type = "list", of = person, max = 8 },
          joined_more = "int:0..",
          left = { type = "list", of = person, max = 8 },
          left_more = "int:0..",
        },
      },
    },
  },
}
