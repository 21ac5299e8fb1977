import type { PanelProps, PluginUi } from "../plugin";
import { itemsOf } from "../plugin";
import { QueuePanel } from "./panel";
import "./queue.css";

function Badge({ plugin }: PanelProps) {
  const count = itemsOf(plugin.state.items).length;
  return count > 0 && <span className="tab-badge tab-badge-quiet">{count}</span>;
}

const queue: PluginUi = { tab: { label: "Queue", Panel: QueuePanel, Badge } };
export default queue;
