// What else the tutorial's gateway says: its words, statuses and headers.
const { gateway, logIn, tokenOf, sign, bearer, setMode, requestsTo } = require('./client');

const now = Math.floor(Date.now() / 1000);
const CORRELATION_ID = 'order-4711';
const SERVICES = ['user-service', 'order-service', 'product-service', 'payment-service'];
let token;

beforeAll(async () => {
  token = await tokenOf('admin@example.com', 'admin123');
});

test('a login answers token, user and how long the token lasts', async () => {
  const { status, headers, body } = await logIn('test@example.com', 'password123');
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch('application/json');
  expect(body).toEqual({
    token: expect.any(String),
    user: { id: 3, email: 'test@example.com', role: 'user' },
    expiresIn: '24h'
  });
  const claims = JSON.parse(Buffer.from(body.token.split('.')[1], 'base64url'));
  expect(claims).toMatchObject({ id: 3, email: 'test@example.com', role: 'user' });
  expect(claims.exp - claims.iat).toBe(24 * 60 * 60);
});

test('a login with a wrong password is told so', async () => {
  const { status, body } = await logIn('test@example.com', 'wrongpassword');
  expect(status).toBe(401);
  expect(body).toEqual({ error: 'Invalid credentials' });
});

test('a token serves until it is logged out', async () => {
  const mine = await tokenOf('user@example.com', 'user123');
  const used = await gateway.get('/user-service/users').set(bearer(mine));
  expect(used.status).toBe(200);

  const loggedOut = await gateway.post('/auth/logout').set(bearer(mine));
  expect(loggedOut.status).toBe(200);
  expect(loggedOut.body).toEqual({ message: 'Logged out successfully' });

  for (const refused of [
    await gateway.get('/user-service/users').set(bearer(mine)),
    await gateway.post('/auth/logout').set(bearer(mine))
  ]) {
    expect(refused.status).toBe(401);
    expect(refused.body).toEqual({ error: 'Token has been revoked' });
  }
  const other = await gateway.get('/user-service/users').set(bearer(token));
  expect(other.status).toBe(200);
});

test('a token that another program signed with JWT_SECRET serves as well', async () => {
  const claims = { id: 7, email: 'ada@example.com', role: 'user', iat: now, exp: now + 60 };
  const { status } = await gateway.get('/user-service/users').set(bearer(sign(claims)));
  expect(status).toBe(200);
});

test.each([
  ['no token', undefined, 401, 'Access token required'],
  ['no token after the scheme', 'Bearer', 401, 'Access token required'],
  ['another scheme', 'Basic dXNlcjp1c2VyMTIz', 401, 'Access token required'],
  ['a token that is none', 'Bearer x.y.z', 403, 'Invalid or expired token'],
  ['an expired token', `Bearer ${sign({ id: 3, iat: now - 60, exp: now - 1 })}`, 403, 'Invalid or expired token'],
  ['a token without end', `Bearer ${sign({ id: 3 })}`, 403, 'Invalid or expired token'],
  ['a token not yet valid', `Bearer ${sign({ id: 3, nbf: now + 60, exp: now + 120 })}`, 403, 'Invalid or expired token'],
  ['a token of another secret', `Bearer ${sign({ id: 3, exp: now + 60 }, 'another')}`, 403, 'Invalid or expired token'],
  ['a token of no algorithm', `Bearer ${unsigned({ id: 3, exp: now + 60 })}`, 403, 'Invalid or expired token']
])('%s is refused', async (_, authorization, status, error) => {
  const before = await requestsTo('user-service');
  const response = await gateway.get('/user-service/users').set(authorization ? { authorization } : {});
  expect(response.status).toBe(status);
  expect(response.body).toEqual({ error });
  expect(await requestsTo('user-service')).toBe(before);
});

function unsigned(claims) {
  const [head, payload] = sign(claims, '', { alg: 'none' }).split('.');
  return `${head}.${payload}.`;
}

test.each([
  ['/user-service/users', 'users'],
  ['/order-service/orders', 'orders'],
  ['/product-service/products', 'products'],
  ['/payment-service/payments', 'payments']
])('%s reaches its service without the prefix', async (path, member) => {
  const { status, headers, body } = await gateway.get(path).set(bearer(token)).set('x-correlation-id', CORRELATION_ID);
  expect(status).toBe(200);
  expect(body).toHaveProperty(member);
  expect(headers).toMatchObject({
    'access-control-allow-origin': '*',
    'x-gateway': 'API-Gateway-v1.0',
    'x-correlation-id': CORRELATION_ID
  });
});

test('a body reaches the service', async () => {
  const user = { name: 'Ada', email: 'ada@example.com' };
  const { status, body } = await gateway.post('/user-service/users').set(bearer(token)).send(user);
  expect(status).toBe(201);
  expect(body).toMatchObject(user);
});

test('who sends no correlation id is given one', async () => {
  const ids = await Promise.all([1, 2].map(async () => (await gateway.get('/health')).headers['x-correlation-id']));
  expect(ids[0]).toMatch(/^[A-Za-z0-9._-]{8,}$/);
  expect(ids[0]).not.toBe(ids[1]);
});

test('a page of another origin may ask', async () => {
  const { status, headers } = await gateway
    .options('/user-service/users')
    .set({
      origin: 'https://app.example.com',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,content-type'
    });
  expect(status).toBe(204);
  expect(headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'authorization,content-type'
  });
});

test.each([
  ['GET', '/nonexistent-service/test?x=1', '/nonexistent-service/test'],
  ['GET', '/user-services', '/user-services'],
  ['GET', '/auth/login', '/auth/login'],
  ['DELETE', '/auth/logout', '/auth/logout']
])('%s %s is no route', async (method, target, path) => {
  const { status, body } = await gateway[method.toLowerCase()](target);
  expect(status).toBe(404);
  expect(body).toEqual({ error: 'Route not found', path, method });
});

test.each([
  ['a path with a parameter in it', '/user-service/a;b', {}],
  ['a path with an encoded slash', '/user-service/a%2Fb', {}],
  ['a header that many servers read as another', '/user-service/users', { x_user_id: '1' }]
])('%s is refused', async (_, path, headers) => {
  const before = await requestsTo('user-service');
  const { status } = await gateway.get(path).set(bearer(token)).set(headers);
  expect(status).toBe(400);
  expect(await requestsTo('user-service')).toBe(before);
});

test('/health names the services', async () => {
  const { status, body } = await gateway.get('/health');
  expect(status).toBe(200);
  expect(body).toEqual({ status: 'healthy', timestamp: expect.any(String), services: SERVICES });
  expect(Math.abs(Date.now() - Date.parse(body.timestamp))).toBeLessThan(60_000);
});

test('/health/:service asks the service', async () => {
  const healthy = await gateway.get('/health/order-service');
  expect(healthy.status).toBe(200);
  expect(healthy.body).toMatchObject({ service: 'order-service', status: 'healthy' });

  await setMode('order-service', { mode: 'reset' });
  const unhealthy = await gateway.get('/health/order-service');
  await setMode('order-service', { mode: 'ok' });
  expect(unhealthy.status).toBe(503);
  expect(unhealthy.body).toEqual({ service: 'order-service', status: 'unhealthy', error: expect.any(String) });

  const unknown = await gateway.get('/health/nobody');
  expect(unknown.status).toBe(404);
  expect(unknown.body).toEqual({ error: 'Service not found' });
});

test('a service that is gone is 503 with its name, and after five failures is left alone', async () => {
  const ask = () => gateway.get('/payment-service/payments').set(bearer(token)).set('x-correlation-id', CORRELATION_ID);
  const unavailable = {
    error: 'Service temporarily unavailable',
    service: 'payment-service',
    correlationId: CORRELATION_ID
  };
  await setMode('payment-service', { mode: 'reset' });
  const before = await requestsTo('payment-service');
  for (let failures = 0; failures < 5; failures += 1) {
    const { status, body } = await ask();
    expect([status, body]).toEqual([503, unavailable]);
  }
  expect(await requestsTo('payment-service')).toBe(before + 5);

  const { status, headers, body } = await ask();
  expect([status, body]).toEqual([503, unavailable]);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(await requestsTo('payment-service')).toBe(before + 5);

  const { body: { circuitBreakers } } = await gateway.get('/circuit-breakers');
  const states = Object.fromEntries(circuitBreakers.map(({ name, state }) => [name, state]));
  expect(states).toMatchObject({ 'payment-service': 'OPEN', 'user-service': 'CLOSED' });
  const { failures, nextAttempt } = circuitBreakers.find(({ name }) => name === 'payment-service');
  expect(failures).toBe(5);
  expect(Date.parse(nextAttempt)).toBeGreaterThan(Date.now());

  const others = await gateway.get('/user-service/users').set(bearer(token));
  expect(others.status).toBe(200);
});
