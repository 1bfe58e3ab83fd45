-- What a finding bears on in the regulator's framework. The same for every provider, and data: the regulator
-- rewords and replaces its frameworks, so a new version is new rows here, and old findings keep pointing at the old.
-- These tables hold no provider's data, hence no provider_id and no row-level security; the program only reads them.

CREATE TABLE frameworks (
    id            text NOT NULL,
    title         text NOT NULL,
    version       text NOT NULL,
    kind          text NOT NULL,
    in_force_from date NOT NULL,
    CONSTRAINT frameworks_pkey PRIMARY KEY (id),
    CONSTRAINT frameworks_id_is_a_slug CHECK (id ~ '^[a-z][a-z0-9]{0,19}$'),
    CONSTRAINT frameworks_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT frameworks_version_length CHECK (length(version) BETWEEN 1 AND 40),
    CONSTRAINT frameworks_kind_known CHECK (kind IN ('key_questions', 'regulations', 'statements')),
    CONSTRAINT frameworks_title_version_once UNIQUE (title, version)
);

CREATE TABLE framework_entries (
    id           text NOT NULL,
    framework_id text NOT NULL,
    code         text NOT NULL,
    title        text NOT NULL,
    key_question text NULL,
    position     int  NOT NULL,
    CONSTRAINT framework_entries_pkey PRIMARY KEY (id),
    CONSTRAINT framework_entries_framework FOREIGN KEY (framework_id) REFERENCES frameworks (id),
    CONSTRAINT framework_entries_key_question FOREIGN KEY (key_question) REFERENCES framework_entries (id),
    CONSTRAINT framework_entries_id_made_of_parts CHECK (id = framework_id || ':' || code),
    CONSTRAINT framework_entries_code_is_a_slug CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 80),
    CONSTRAINT framework_entries_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT framework_entries_key_question_is_one CHECK (key_question LIKE 'kq:%'),
    CONSTRAINT framework_entries_position_from_one CHECK (position >= 1),
    CONSTRAINT framework_entries_position_once UNIQUE (framework_id, position)
);

GRANT SELECT ON frameworks, framework_entries TO throughline_app;

INSERT INTO frameworks (id, title, version, kind, in_force_from) VALUES
    ('kq', 'Key questions', '2014', 'key_questions', '2014-10-01'),
    -- SI 2014/2936: regulations 9 to 19, and 20 for adult social care, apply from 1 April 2015.
    ('reg', 'Health and Social Care Act 2008 (Regulated Activities) Regulations 2014', '2014', 'regulations',
     '2015-04-01'),
    ('saf34', 'Quality statements', 'SAF 34', 'statements', '2023-11-21');

INSERT INTO framework_entries (id, framework_id, code, title, key_question, position) VALUES
    ('kq:safe', 'kq', 'safe', 'Safe', NULL, 1),
    ('kq:effective', 'kq', 'effective', 'Effective', NULL, 2),
    ('kq:caring', 'kq', 'caring', 'Caring', NULL, 3),
    ('kq:responsive', 'kq', 'responsive', 'Responsive', NULL, 4),
    ('kq:well-led', 'kq', 'well-led', 'Well-led', NULL, 5),
    ('reg:9', 'reg', '9', 'Person-centred care', NULL, 1),
    ('reg:10', 'reg', '10', 'Dignity and respect', NULL, 2),
    ('reg:11', 'reg', '11', 'Need for consent', NULL, 3),
    ('reg:12', 'reg', '12', 'Safe care and treatment', NULL, 4),
    ('reg:13', 'reg', '13', 'Safeguarding from abuse and improper treatment', NULL, 5),
    ('reg:14', 'reg', '14', 'Nutrition and hydration', NULL, 6),
    ('reg:15', 'reg', '15', 'Premises and equipment', NULL, 7),
    ('reg:16', 'reg', '16', 'Receiving and acting on complaints', NULL, 8),
    ('reg:17', 'reg', '17', 'Good governance', NULL, 9),
    ('reg:18', 'reg', '18', 'Staffing', NULL, 10),
    ('reg:19', 'reg', '19', 'Fit and proper persons employed', NULL, 11),
    ('reg:20', 'reg', '20', 'Duty of candour', NULL, 12),
    ('saf34:safe-learning-culture', 'saf34', 'safe-learning-culture', 'Learning culture', 'kq:safe', 1),
    ('saf34:safe-safe-systems-pathways-and-transitions', 'saf34', 'safe-safe-systems-pathways-and-transitions', 'Safe systems, pathways and transitions', 'kq:safe', 2),
    ('saf34:safe-safeguarding', 'saf34', 'safe-safeguarding', 'Safeguarding', 'kq:safe', 3),
    ('saf34:safe-involving-people-to-manage-risks', 'saf34', 'safe-involving-people-to-manage-risks', 'Involving people to manage risks', 'kq:safe', 4),
    ('saf34:safe-safe-environments', 'saf34', 'safe-safe-environments', 'Safe environments', 'kq:safe', 5),
    ('saf34:safe-safe-and-effective-staffing', 'saf34', 'safe-safe-and-effective-staffing', 'Safe and effective staffing', 'kq:safe', 6),
    ('saf34:safe-infection-prevention-and-control', 'saf34', 'safe-infection-prevention-and-control', 'Infection prevention and control', 'kq:safe', 7),
    ('saf34:safe-medicines-optimisation', 'saf34', 'safe-medicines-optimisation', 'Medicines optimisation', 'kq:safe', 8),
    ('saf34:effective-assessing-needs', 'saf34', 'effective-assessing-needs', 'Assessing needs', 'kq:effective', 9),
    ('saf34:effective-delivering-evidence-based-care-and-treatment', 'saf34', 'effective-delivering-evidence-based-care-and-treatment', 'Delivering evidence-based care and treatment', 'kq:effective', 10),
    ('saf34:effective-how-staff-teams-and-services-work-together', 'saf34', 'effective-how-staff-teams-and-services-work-together', 'How staff, teams and services work together', 'kq:effective', 11),
    ('saf34:effective-supporting-people-to-live-healthier-lives', 'saf34', 'effective-supporting-people-to-live-healthier-lives', 'Supporting people to live healthier lives', 'kq:effective', 12),
    ('saf34:effective-monitoring-and-improving-outcomes', 'saf34', 'effective-monitoring-and-improving-outcomes', 'Monitoring and improving outcomes', 'kq:effective', 13),
    ('saf34:effective-consent-to-care-and-treatment', 'saf34', 'effective-consent-to-care-and-treatment', 'Consent to care and treatment', 'kq:effective', 14),
    ('saf34:caring-kindness-compassion-and-dignity', 'saf34', 'caring-kindness-compassion-and-dignity', 'Kindness, compassion and dignity', 'kq:caring', 15),
    ('saf34:caring-treating-people-as-individuals', 'saf34', 'caring-treating-people-as-individuals', 'Treating people as individuals', 'kq:caring', 16),
    ('saf34:caring-independence-choice-and-control', 'saf34', 'caring-independence-choice-and-control', 'Independence, choice and control', 'kq:caring', 17),
    ('saf34:caring-responding-to-peoples-immediate-needs', 'saf34', 'caring-responding-to-peoples-immediate-needs', 'Responding to people''s immediate needs', 'kq:caring', 18),
    ('saf34:caring-workforce-wellbeing-and-enablement', 'saf34', 'caring-workforce-wellbeing-and-enablement', 'Workforce wellbeing and enablement', 'kq:caring', 19),
    ('saf34:responsive-person-centred-care', 'saf34', 'responsive-person-centred-care', 'Person-centred care', 'kq:responsive', 20),
    ('saf34:responsive-care-provision-integration-and-continuity', 'saf34', 'responsive-care-provision-integration-and-continuity', 'Care provision, integration and continuity', 'kq:responsive', 21),
    ('saf34:responsive-providing-information', 'saf34', 'responsive-providing-information', 'Providing information', 'kq:responsive', 22),
    ('saf34:responsive-listening-to-and-involving-people', 'saf34', 'responsive-listening-to-and-involving-people', 'Listening to and involving people', 'kq:responsive', 23),
    ('saf34:responsive-equity-in-access', 'saf34', 'responsive-equity-in-access', 'Equity in access', 'kq:responsive', 24),
    ('saf34:responsive-equity-in-experiences-and-outcomes', 'saf34', 'responsive-equity-in-experiences-and-outcomes', 'Equity in experiences and outcomes', 'kq:responsive', 25),
    ('saf34:responsive-planning-for-the-future', 'saf34', 'responsive-planning-for-the-future', 'Planning for the future', 'kq:responsive', 26),
    ('saf34:well-led-shared-direction-and-culture', 'saf34', 'well-led-shared-direction-and-culture', 'Shared direction and culture', 'kq:well-led', 27),
    ('saf34:well-led-capable-compassionate-and-inclusive-leaders', 'saf34', 'well-led-capable-compassionate-and-inclusive-leaders', 'Capable, compassionate and inclusive leaders', 'kq:well-led', 28),
    ('saf34:well-led-freedom-to-speak-up', 'saf34', 'well-led-freedom-to-speak-up', 'Freedom to speak up', 'kq:well-led', 29),
    ('saf34:well-led-workforce-equality-diversity-and-inclusion', 'saf34', 'well-led-workforce-equality-diversity-and-inclusion', 'Workforce equality, diversity and inclusion', 'kq:well-led', 30),
    ('saf34:well-led-governance-management-and-sustainability', 'saf34', 'well-led-governance-management-and-sustainability', 'Governance, management and sustainability', 'kq:well-led', 31),
    ('saf34:well-led-partnerships-and-communities', 'saf34', 'well-led-partnerships-and-communities', 'Partnerships and communities', 'kq:well-led', 32),
    ('saf34:well-led-learning-improvement-and-innovation', 'saf34', 'well-led-learning-improvement-and-innovation', 'Learning, improvement and innovation', 'kq:well-led', 33),
    ('saf34:well-led-environmental-sustainability', 'saf34', 'well-led-environmental-sustainability', 'Environmental sustainability', 'kq:well-led', 34);
