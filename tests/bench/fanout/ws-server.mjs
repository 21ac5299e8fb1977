// The npm package ws as its page shows it, without compression: whoever asks has so many messages sent to everybody. What a
// request looks like is said in audience.hpp; here it is a binary message.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, backlog: 4096 });
server.on('connection', (client) => {
  client.on('message', (request) => {
    const messages = request.readUInt32LE(0);
    const message = Buffer.alloc(request.readUInt32LE(4), 'x');
    for (let n = 0; n < messages; n++) for (const each of server.clients) each.send(message);
  });
  client.on('error', () => {});
});
server.on('listening', () => console.log(`ready port=${server.address().port}`));
