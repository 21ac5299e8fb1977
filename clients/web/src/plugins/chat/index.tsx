import type { PluginUi } from "../plugin";
import "./chat.css";
import { ChatBadge, ChatPanel } from "./panel";

const chat: PluginUi = { tab: { label: "Chat", Panel: ChatPanel, Badge: ChatBadge } };
export default chat;
