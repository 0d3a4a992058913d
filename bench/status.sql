\set n random(0, :users - 1)
SELECT external_user_id, status, session_id, provider, open_session_id, reasons, verified_at, expires_at, changes_at, version, updated_at FROM users WHERE external_user_id = 'user_' || lpad(:n::text, 20, '0');
