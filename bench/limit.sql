WITH delivery AS (
	INSERT INTO deliveries (id, provider, digest, state, reason, event_type, received_at, attempts, webhook)
	VALUES ('whd_' || lpad(nextval('river_job_id_seq')::text, 26, '0'), 'kora', md5(random()::text) || md5(random()::text),
		'received', '', '', now(), 0, decode('01' || repeat('ab', 1499), 'hex'))
	RETURNING id
)
INSERT INTO river_job (args, kind, max_attempts, queue)
SELECT jsonb_build_object('id', id), 'delivery', 2000, 'delivery' FROM delivery;
