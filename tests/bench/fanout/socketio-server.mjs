// The npm package socket.io over WebSocket alone, without compression: an event `go` has so many events sent to everybody. Its
// own pings are far apart, so that they are no part of what is measured.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, httpCompression: false, serveClient: false, pingInterval: 600_000 });
// What stands around the text in a message: 42["m",""]
const around = 9;
io.on('connection', (socket) => {
  socket.on('go', (messages, bytes) => {
    const text = 'x'.repeat(Math.max(0, bytes - around));
    for (let n = 0; n < messages; n++) io.emit('m', text);
  });
});
http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => console.log(`ready port=${http.address().port}`));
