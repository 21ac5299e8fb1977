// Certificates that a test makes for itself with the openssl program: an authority of its own, and servers signed by it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export function makeAuthority() {
  const folder = mkdtempSync(path.join(tmpdir(), 'playhead-certificates-'));
  const at = (name) => path.join(folder, name);
  const openssl = (...arguments_) => execFileSync('openssl', arguments_, { stdio: 'pipe' });
  openssl('req', '-x509', ...curve, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Playhead test authority',
    '-days', '2', '-addext', 'basicConstraints=critical,CA:TRUE');
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  // A certificate for this machine and its key, as text.
  const make = (name) => {
    openssl('req', ...curve, '-keyout', at('new.key'), '-out', at('new.csr'), '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', at('new.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial',
      '-out', at('new.pem'), '-days', '2', '-extfile', at('names'));
    return { certificate: readFileSync(at('new.pem'), 'utf8'), key: readFileSync(at('new.key'), 'utf8') };
  };
  // Replaces a file as those who renew certificates do: the new one takes its name.
  const put = (name, text) => {
    writeFileSync(at('fresh'), text);
    renameSync(at('fresh'), at(name));
  };
  return {
    ca: readFileSync(at('ca.pem'), 'utf8'),
    files: { certificate: at('cert.pem'), key: at('key.pem') },
    make,
    put,
    putPair: ({ certificate, key }) => {
      put('cert.pem', certificate);
      put('key.pem', key);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
