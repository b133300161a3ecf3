-- The catalogue of information resources (政务信息资源目录): what each
-- department has, in the customary core metadata (GB/T 21063.3 and the guide
-- of 2017), whether or not onemap holds it. Makes a resource of each layer.
--
-- Holds onemap.layer, layer_field, organisation, area and batch SHARE ROW EXCLUSIVE
-- for the moment in which they get their triggers: their writers wait for the
-- commit, readers do not. The rest is new.
--
-- Nothing stands twice. A resource that is bound to a layer has no provider,
-- share type, basis, openness and cycle of its own: the layer's hold, and its
-- fields are the items. Read resources from resource_now and resource_item_now.

-- +goose Up

-- 类 (1 digit), 项 (2 more), 目 (3 more), 细目 (any number more).
CREATE TABLE onemap.resource_class (
    code    text PRIMARY KEY CHECK (code ~ '^[0-9]([0-9]{2}([0-9]{3}([0-9A-Za-z]{1,14})?)?)?$'),
    name_zh text NOT NULL CHECK (name_zh <> ''),
    name_en text NOT NULL DEFAULT '',
    -- The 项 of a department's own resources (部门信息资源).
    org     text UNIQUE REFERENCES onemap.organisation
);
-- The basic and the theme resources that 国发〔2016〕51号 names.
INSERT INTO onemap.resource_class (code, name_zh, name_en) VALUES
    ('1', '基础信息资源', 'Basic resources'),
    ('101', '人口基础信息资源', 'Population'),
    ('101001', '人群流动统计', 'Population flow, counted'),
    ('102', '法人单位基础信息资源', 'Legal entities'),
    ('103', '自然资源和空间地理基础信息资源', 'Natural resources and space'),
    ('103001', '基础地理信息', 'Base map'),
    ('103002', '治理网格', 'Governance grids'),
    ('104', '社会信用基础信息资源', 'Social credit'),
    ('105', '电子证照基础信息资源', 'Electronic certificates'),
    ('2', '主题信息资源', 'Theme resources'),
    ('201', '公共服务', 'Public services'),
    ('202', '健康保障', 'Health'),
    ('203', '社会保障', 'Social security'),
    ('204', '食品药品安全', 'Food and drug safety'),
    ('205', '安全生产', 'Work safety'),
    ('205001', '企业安全监管', 'Enterprise safety'),
    ('206', '价格监管', 'Prices'),
    ('207', '能源安全', 'Energy'),
    ('208', '信用体系', 'Credit system'),
    ('209', '城乡建设', 'Urban and rural development'),
    ('209001', '城市部件', 'City assets'),
    ('210', '社区治理', 'Community governance'),
    ('211', '生态环保', 'Ecology and environment'),
    ('212', '应急维稳', 'Emergencies'),
    ('212001', '应急指挥', 'Emergency command'),
    ('212002', '预测预警', 'Forecasts'),
    ('3', '部门信息资源', 'Departments'' resources'),
    ('399', '其他部门信息资源', 'Other departments'),
    ('399001', '业务图层', 'Layers');

CREATE TABLE onemap.resource (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- 信息资源代码: the class's code, "/", and a number in the class. It is never used again.
    code      text NOT NULL UNIQUE CHECK (code ~ '^[0-9]([0-9]{2}([0-9]{3}([0-9A-Za-z]{1,14})?)?)?/[0-9A-Za-z]{1,12}$'),
    class     text NOT NULL GENERATED ALWAYS AS (split_part(code, '/', 1)) STORED REFERENCES onemap.resource_class,
    version   integer NOT NULL DEFAULT 1,
    xid       xid8 NOT NULL DEFAULT pg_current_xact_id(), -- which made this version: changes of one transaction are one
    -- A resource whose layer is thrown away goes with it.
    layer     text UNIQUE REFERENCES onemap.layer ON DELETE CASCADE,
    name_zh   text NOT NULL DEFAULT '' CHECK (length(name_zh) <= 200), -- '': the layer's title
    name_en   text NOT NULL DEFAULT '' CHECK (length(name_en) <= 200),
    abstract  text NOT NULL DEFAULT '' CHECK (length(abstract) <= 4000), -- 信息资源摘要
    format    text NOT NULL DEFAULT 'database' CHECK (format IN ('document', 'spreadsheet', 'database', 'image', 'stream', 'self_describing')), -- 电子文件 电子表格 数据库 图形图像 流媒体 自描述格式
    format_type text NOT NULL DEFAULT '' CHECK (length(format_type) <= 100), -- 'XLSX', 'PostGIS'
    -- 共享方式, in the provider's words, where it is not this platform.
    share_how  text NOT NULL DEFAULT '' CHECK (length(share_how) <= 200),
    open_basis text NOT NULL DEFAULT '' CHECK (length(open_basis) <= 1000), -- 开放条件
    -- Of a resource without a layer only.
    provider     text REFERENCES onemap.organisation,
    share        text CHECK (share IN ('unconditional', 'conditional', 'none')),
    share_basis  text CHECK (length(share_basis) <= 1000), -- the condition, or the law behind 'none'
    open         boolean,
    update_cycle text CHECK (update_cycle IN ('real_time', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly', 'irregular')),
    updated_at   timestamptz,            -- NULL: not known
    address      text NOT NULL DEFAULT '' CHECK (length(address) <= 2000), -- where it is served outside of onemap
    published_on date,                   -- 发布日期; NULL: a draft, which only its provider knows
    withdrawn_at timestamptz,            -- NULL: in force
    -- Who may know that it exists; who may see its content is another question.
    -- line: the provider's line. Whoever may see it may know of it.
    known_to  text NOT NULL DEFAULT 'staff' CHECK (known_to IN ('public', 'staff', 'line')),
    grading   text NOT NULL DEFAULT 'general' CHECK (grading IN ('core', 'important', 'general')), -- 核心 重要 一般, GB/T 43697-2024
    area_code text NOT NULL DEFAULT '' CHECK (area_code ~ '^[0-9A-Za-z_-]{0,20}$'), -- the division that it covers; '': the whole city
    period_from date,                    -- the time that its content speaks of
    period_to   date CHECK (period_to >= period_from), -- inclusive; NULL: until now
    related   text[] NOT NULL DEFAULT '{}' CHECK (cardinality(related) <= 100 AND array_position(related, NULL) IS NULL), -- codes (关联资源代码)
    made_by   text NOT NULL DEFAULT '',  -- login; '': with its layer
    made_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (layer IS NOT NULL OR name_zh <> ''),
    CHECK ((layer IS NULL) = (provider IS NOT NULL)),
    CHECK (num_nulls(provider, share, share_basis, open, update_cycle) IN (0, 5)),
    CHECK (layer IS NULL OR updated_at IS NULL AND address = ''),
    CHECK (share <> 'none' OR share_basis <> ''),
    CHECK (NOT open OR share = 'unconditional')
);
CREATE INDEX resource_provider_idx ON onemap.resource (provider);
CREATE INDEX resource_class_idx ON onemap.resource (class);

-- The items (信息项) of a resource without a layer; of one with a layer what is
-- to be said of its fields beyond the registry.
CREATE TABLE onemap.resource_item (
    resource    bigint NOT NULL REFERENCES onemap.resource ON DELETE CASCADE,
    position    integer NOT NULL CHECK (position > 0),
    field       text,  -- the layer's field that it speaks of; NULL: an item of its own
    name_zh     text NOT NULL DEFAULT '' CHECK (length(name_zh) <= 200), -- '' with a field: the field's title
    name_en     text NOT NULL DEFAULT '' CHECK (length(name_en) <= 200),
    type        text CHECK (type IN ('text', 'integer', 'number', 'boolean', 'date', 'time', 'binary')),
    length      integer CHECK (length BETWEEN 1 AND 1000000000), -- of a text, characters; NULL: not said
    sensitivity text CHECK (sensitivity IN ('public', 'internal', 'sensitive')),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 1000),
    PRIMARY KEY (resource, position),
    CHECK ((field IS NULL) = (type IS NOT NULL)),
    CHECK ((field IS NULL) = (sensitivity IS NOT NULL)),
    CHECK (field IS NOT NULL OR name_zh <> '')
);
CREATE UNIQUE INDEX resource_item_key ON onemap.resource_item (resource, coalesce(field, name_zh));

-- Files of a resource that is no layer. They are small: what is large is a layer.
CREATE TABLE onemap.resource_file (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource   bigint NOT NULL REFERENCES onemap.resource ON DELETE CASCADE,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    media_type text NOT NULL,
    sha256     bytea NOT NULL CHECK (length(sha256) = 32),
    content    bytea NOT NULL CHECK (length(content) <= 33554432),
    added_by   text NOT NULL,
    added_at   timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz -- it stays for those who were told to use it; nobody gets it any more
);
ALTER TABLE onemap.resource_file ALTER content SET STORAGE EXTERNAL;
CREATE INDEX resource_file_resource_idx ON onemap.resource_file (resource);

-- The versions before the one in force, whole. Append-only but for resources
-- that go with their layer.
CREATE TABLE onemap.resource_past (
    resource    bigint NOT NULL REFERENCES onemap.resource ON DELETE CASCADE,
    version     integer NOT NULL,
    content     jsonb NOT NULL,             -- as resource_content
    replaced_at timestamptz NOT NULL DEFAULT now(),
    replaced_by text NOT NULL,              -- login; '': whoever changed the layer
    PRIMARY KEY (resource, version)
);
CREATE TRIGGER append_only BEFORE UPDATE ON onemap.resource_past FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

-- When a layer's rows were last seen to change, by whoever wrote them: found by
-- the counters of the database, so that no writer pays for it.
CREATE TABLE onemap.layer_activity (
    layer   text PRIMARY KEY REFERENCES onemap.layer ON DELETE CASCADE,
    changes bigint NOT NULL,   -- rows written since the counters began
    at      timestamptz        -- NULL: never, as far as is known
);

-- layer_updated_at says when a layer's content was last brought up to date.
CREATE FUNCTION onemap.layer_updated_at(layer text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT greatest((SELECT max(b.finished_at) FROM onemap.batch b WHERE b.layer = $1),
                    (SELECT a.at FROM onemap.layer_activity a WHERE a.layer = $1))
$$;

-- Resources as they are now. provider is NULL for a layer that nobody owns yet.
CREATE VIEW onemap.resource_now AS
SELECT r.id, r.code, r.class, r.version, r.layer,
       CASE WHEN l.name IS NULL THEN r.provider ELSE l.owner END AS provider,
       CASE WHEN r.name_zh = '' THEN l.title_zh ELSE r.name_zh END AS name_zh,
       CASE WHEN r.name_en = '' THEN coalesce(l.title_en, '') ELSE r.name_en END AS name_en,
       r.abstract, r.format, r.format_type,
       coalesce(l.share, r.share) AS share, coalesce(l.share_basis, r.share_basis) AS share_basis, r.share_how,
       coalesce(l.open, r.open) AS open, r.open_basis,
       coalesce(l.update_cycle, r.update_cycle) AS update_cycle,
       CASE WHEN l.name IS NULL THEN r.updated_at ELSE onemap.layer_updated_at(l.name) END AS updated_at,
       r.address, r.published_on, r.withdrawn_at, r.known_to, r.grading, r.area_code, r.period_from, r.period_to, r.related,
       r.made_by, r.made_at,
       l.name IS NOT NULL OR r.address <> '' OR EXISTS (SELECT FROM onemap.resource_file f WHERE f.resource = r.id AND f.removed_at IS NULL) AS mounted -- 已挂接
FROM onemap.resource r LEFT JOIN onemap.layer l ON l.name = r.layer;

-- Items as they are now. key names an item within its resource: the layer's
-- field, else the item's Chinese name. Requests and grants name items by it.
CREATE VIEW onemap.resource_item_now AS
SELECT r.id AS resource, f.name AS key, row_number() OVER (PARTITION BY r.id ORDER BY f.position, f.name)::integer AS position,
       coalesce(nullif(i.name_zh, ''), f.title_zh) AS name_zh, coalesce(nullif(i.name_en, ''), f.title_en) AS name_en,
       f.type, i.length, f.sensitivity, coalesce(i.description, '') AS description, f.name AS field
FROM onemap.resource r JOIN onemap.layer_field f ON f.layer = r.layer
LEFT JOIN onemap.resource_item i ON i.resource = r.id AND i.field = f.name
UNION ALL
SELECT i.resource, i.name_zh, i.position, i.name_zh, i.name_en, i.type, i.length, i.sensitivity, i.description, NULL
FROM onemap.resource_item i JOIN onemap.resource r ON r.id = i.resource WHERE r.layer IS NULL AND i.field IS NULL;

-- resource_content is a whole resource as one value, as it is now.
CREATE FUNCTION onemap.resource_content(resource bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(r) - 'id' - 'updated_at' - 'made_by' - 'made_at' - 'mounted' || jsonb_build_object('items', (
        SELECT coalesce(jsonb_agg(to_jsonb(i) - 'resource' ORDER BY i.position), '[]') FROM onemap.resource_item_now i WHERE i.resource = $1))
    FROM onemap.resource_now r WHERE r.id = $1
$$;

-- resource_keep puts the version in force away before it is changed. Drafts
-- have no past; what one transaction changes is one version.
-- +goose StatementBegin
CREATE FUNCTION onemap.resource_keep(resource bigint, by_login text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r onemap.resource;
BEGIN
    SELECT * INTO r FROM onemap.resource WHERE id = $1 FOR UPDATE;
    IF NOT FOUND OR r.published_on IS NULL OR r.xid = pg_current_xact_id() THEN
        RETURN;
    END IF;
    INSERT INTO onemap.resource_past (resource, version, content, replaced_by) VALUES (r.id, r.version, onemap.resource_content(r.id), $2);
    UPDATE onemap.resource SET version = version + 1, xid = pg_current_xact_id() WHERE id = r.id;
END $$;

-- department_class returns the 目 in which the layers of an organisation are,
-- and gives its line the next free 项 where it has none yet. Governments share
-- one; when the two digits are used up, the rest is "other".
CREATE FUNCTION onemap.department_class(org text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    top onemap.organisation;
    item text;
BEGIN
    WITH RECURSIVE up AS (
        SELECT o.*, 1 AS n FROM onemap.organisation o WHERE o.code = $1
        UNION ALL
        SELECT p.*, n + 1 FROM up JOIN onemap.organisation p ON p.code = up.parent AND p.kind = up.kind WHERE n < 10
    ) SELECT code, parent, level, kind, area_code, name_zh, name_en, uscc INTO top FROM up ORDER BY n DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN '399001';
    END IF;
    SELECT code INTO item FROM onemap.resource_class c WHERE c.org = top.code;
    IF NOT FOUND THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('onemap.resource_class', 0));
        SELECT code INTO item FROM onemap.resource_class c WHERE c.org = top.code; -- another was first
        IF NOT FOUND THEN -- a catalogue that was imported may have brought it
            UPDATE onemap.resource_class c SET org = top.code
             WHERE c.code = (SELECT min(n.code) FROM onemap.resource_class n WHERE n.code ~ '^3[0-9]{2}$' AND n.org IS NULL AND n.name_zh = top.name_zh)
            RETURNING c.code INTO item;
        END IF;
        IF item IS NULL THEN
            SELECT '3' || lpad(n::text, 2, '0') INTO item FROM generate_series(1, 98) n
             WHERE NOT EXISTS (SELECT FROM onemap.resource_class c WHERE c.code = '3' || lpad(n::text, 2, '0')) ORDER BY n LIMIT 1;
            IF NOT FOUND THEN
                RETURN '399001';
            END IF;
            INSERT INTO onemap.resource_class (code, name_zh, name_en, org) VALUES (item, top.name_zh, top.name_en, top.code);
        END IF;
    END IF;
    INSERT INTO onemap.resource_class (code, name_zh, name_en) VALUES (item || '001', '业务图层', 'Layers') ON CONFLICT DO NOTHING;
    RETURN item || '001';
END $$;

-- resource_number returns the next code of a class: numbers go up and are not
-- used again.
CREATE SEQUENCE onemap.resource_number;
CREATE FUNCTION onemap.resource_number(class text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE c text;
BEGIN
    LOOP
        c := class || '/' || lpad(nextval('onemap.resource_number')::text, 6, '0');
        EXIT WHEN NOT EXISTS (SELECT FROM onemap.resource WHERE code = c); -- one that was imported
    END LOOP;
    RETURN c;
END $$;

-- resource_of_layer makes the resource of a layer that has none.
CREATE FUNCTION onemap.resource_of_layer(l onemap.layer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE class text := CASE l.subject
    WHEN 'base' THEN '103001' WHEN 'grid' THEN '103002' WHEN 'population' THEN '101001' WHEN 'enterprise' THEN '205001'
    WHEN 'asset' THEN '209001' WHEN 'emergency' THEN '212001' WHEN 'forecast' THEN '212002'
    ELSE onemap.department_class(l.owner) END;
BEGIN
    INSERT INTO onemap.resource (code, layer, format, format_type, published_on)
    VALUES (onemap.resource_number(class), l.name, 'database', 'PostGIS', CASE WHEN l.owner IS NOT NULL THEN current_date END)
    ON CONFLICT (layer) DO NOTHING;
END $$;

-- What the readers in memory follow: each change with its transaction, so that
-- a reader takes what its last snapshot did not see, in whatever order it was
-- committed, and writers do not wait for each other. Rows go after a day.
CREATE TABLE onemap.resource_change (
    resource bigint,           -- NULL: all of them
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX resource_change_xid_idx ON onemap.resource_change (xid);

CREATE FUNCTION onemap.resource_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO onemap.resource_change (resource) VALUES (coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE FUNCTION onemap.resource_item_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO onemap.resource_change (resource) SELECT DISTINCT resource FROM changed;
    RETURN NULL;
END $$;
CREATE FUNCTION onemap.resource_file_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO onemap.resource_change (resource) VALUES (coalesce(NEW.resource, OLD.resource));
    RETURN NULL;
END $$;
CREATE FUNCTION onemap.resource_all_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO onemap.resource_change (resource) VALUES (NULL);
    RETURN NULL;
END $$;
-- A layer's head: what it was is kept before, what it is becomes known after.
-- The first owner publishes its resource.
CREATE FUNCTION onemap.resource_layer_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM onemap.resource_keep(r.id, coalesce(current_setting('onemap.login', true), '')) FROM onemap.resource r WHERE r.layer = OLD.name;
    RETURN NEW;
END $$;
CREATE FUNCTION onemap.resource_layer_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM onemap.resource_of_layer(NEW);
    ELSIF OLD.owner IS NULL AND NEW.owner IS NOT NULL THEN
        UPDATE onemap.resource SET published_on = coalesce(published_on, current_date) WHERE layer = NEW.name;
    ELSE
        INSERT INTO onemap.resource_change (resource) SELECT id FROM onemap.resource WHERE layer = NEW.name;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION onemap.resource_field_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM onemap.resource_keep(r.id, coalesce(current_setting('onemap.login', true), '')) FROM onemap.resource r WHERE r.layer = coalesce(NEW.layer, OLD.layer);
    RETURN coalesce(NEW, OLD);
END $$;
CREATE FUNCTION onemap.resource_bound_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO onemap.resource_change (resource) SELECT id FROM onemap.resource WHERE layer = coalesce(NEW.layer, OLD.layer);
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER resource_changed AFTER INSERT OR UPDATE OR DELETE ON onemap.resource FOR EACH ROW EXECUTE FUNCTION onemap.resource_changed();
CREATE TRIGGER resource_item_added AFTER INSERT ON onemap.resource_item REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION onemap.resource_item_changed();
CREATE TRIGGER resource_item_edited AFTER UPDATE ON onemap.resource_item REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION onemap.resource_item_changed();
CREATE TRIGGER resource_item_removed AFTER DELETE ON onemap.resource_item REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION onemap.resource_item_changed();
CREATE TRIGGER resource_file_changed AFTER INSERT OR UPDATE OR DELETE ON onemap.resource_file FOR EACH ROW EXECUTE FUNCTION onemap.resource_file_changed();
CREATE TRIGGER resource_class_changed AFTER INSERT OR UPDATE OR DELETE ON onemap.resource_class FOR EACH STATEMENT EXECUTE FUNCTION onemap.resource_all_changed();
CREATE TRIGGER resource_area_changed AFTER INSERT OR UPDATE OR DELETE ON onemap.area FOR EACH STATEMENT EXECUTE FUNCTION onemap.resource_all_changed();
CREATE TRIGGER resource_organisation_changed AFTER UPDATE ON onemap.organisation FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION onemap.resource_all_changed();
CREATE TRIGGER resource_layer_before BEFORE UPDATE ON onemap.layer FOR EACH ROW
    WHEN ((OLD.title_zh, OLD.title_en, OLD.owner, OLD.share, OLD.share_basis, OLD.open, OLD.update_cycle) IS DISTINCT FROM
          (NEW.title_zh, NEW.title_en, NEW.owner, NEW.share, NEW.share_basis, NEW.open, NEW.update_cycle))
    EXECUTE FUNCTION onemap.resource_layer_before();
CREATE TRIGGER resource_layer_after AFTER INSERT OR UPDATE ON onemap.layer FOR EACH ROW EXECUTE FUNCTION onemap.resource_layer_after();
CREATE TRIGGER resource_field_before BEFORE INSERT OR UPDATE OR DELETE ON onemap.layer_field FOR EACH ROW EXECUTE FUNCTION onemap.resource_field_before();
CREATE TRIGGER resource_field_changed AFTER INSERT OR UPDATE OR DELETE ON onemap.layer_field FOR EACH ROW EXECUTE FUNCTION onemap.resource_bound_changed();
CREATE TRIGGER resource_batch_changed AFTER INSERT OR UPDATE ON onemap.batch FOR EACH ROW
    WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION onemap.resource_bound_changed();
CREATE TRIGGER resource_activity_changed AFTER INSERT OR UPDATE ON onemap.layer_activity FOR EACH ROW EXECUTE FUNCTION onemap.resource_bound_changed();

SELECT onemap.resource_of_layer(l) FROM onemap.layer l ORDER BY l.position, l.name;
