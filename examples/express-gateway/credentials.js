// Who may log in: the `validateUser` of an Express gateway, as a service of its own. It mints no token; the gateway makes
// one of what this answers. With PORT=0 it takes a free port. Prints its address.
const http = require('node:http');

// In a real service: a database, with slow and salted hashes for passwords.
const users = [
  { id: 1, email: 'admin@example.com', password: 'admin123', role: 'admin' },
  { id: 2, email: 'user@example.com', password: 'user123', role: 'user' },
  { id: 3, email: 'test@example.com', password: 'password123', role: 'user' },
];

function validateUser({ email, password }) {
  const user = users.find((known) => known.email === email && known.password === password);
  return user && { id: user.id, email: user.email, role: user.role };
}

async function read(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > 100_000) throw new RangeError('body too large');
  }
  return JSON.parse(body) ?? {};
}

const server = http.createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.method !== 'POST' || request.url !== '/login') return answer(404, { error: 'Not found' });
  try {
    const user = validateUser(await read(request));
    return user ? answer(200, user) : answer(401, { error: 'Invalid credentials' });
  } catch {
    return answer(400, { error: 'Expected a JSON object with email and password' });
  }
});

server.listen(process.env.PORT ?? 3005, '127.0.0.1', () => {
  const { address, port } = server.address();
  console.log(`${address}:${port}`);
});
