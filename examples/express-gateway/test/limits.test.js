// Both limits to the last request, with the numbers of the tutorial: 100 for each user, 5 logins for each address.
const { gateway, logIn, tokenOf, bearer, requestsTo } = require('./client');

const standardHeaders = ({ headers }) =>
  ['limit', 'remaining', 'policy'].map((name) => headers[`ratelimit-${name}`]);

test('100 requests of a user are admitted and the 101st refused, over all services together', async () => {
  const token = await tokenOf('user@example.com', 'user123');
  const services = ['/user-service/users', '/order-service/orders', '/product-service/products', '/payment-service/payments'];

  for (let sent = 1; sent <= 100; sent += 1) {
    const response = await gateway.get(services[sent % services.length]).set(bearer(token));
    expect(response.status).toBe(200);
    expect(standardHeaders(response)).toEqual(['100', String(100 - sent), '100;w=900']);
  }

  const before = await requestsTo('user-service');
  const refused = await gateway.get('/user-service/users').set(bearer(token));
  expect(refused.status).toBe(429);
  expect(refused.body).toEqual({ error: 'Too many requests from this IP, please try again later' });
  expect(standardHeaders(refused)).toEqual(['100', '0', '100;w=900']);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(900);
  expect(await requestsTo('user-service')).toBe(before);
});

test('another user of the same address has a limit of their own', async () => {
  const token = await tokenOf('admin@example.com', 'admin123');
  const response = await gateway.get('/user-service/users').set(bearer(token));
  expect(response.status).toBe(200);
  expect(standardHeaders(response)).toEqual(['100', '99', '100;w=900']);
});

test('health, breakers and unknown routes are not counted', async () => {
  for (const [path, status] of [['/health', 200], ['/circuit-breakers', 200], ['/nowhere', 404]]) {
    const response = await gateway.get(path);
    expect(response.status).toBe(status);
    expect(response.headers).not.toHaveProperty('ratelimit-limit');
  }
});

test('of five logins in 15 minutes failed ones count as well, and the sixth is refused', async () => {
  // Two have been used above.
  for (const remaining of ['2', '1', '0']) {
    const response = await logIn('test@example.com', 'wrongpassword');
    expect(response.status).toBe(401);
    expect(response.headers['ratelimit-remaining']).toBe(remaining);
  }
  const refused = await logIn('test@example.com', 'password123');
  expect(refused.status).toBe(429);
  expect(refused.body).toEqual({ error: 'Too many authentication attempts, please try again later' });
});
