//! One SQL text for both databases. `sql!` joins shared text with fragments marked `[pg ...]` or `[sq ...]` where the
//! dialects must differ; `q!` runs it on whichever connection is there.

/// The same statement in both dialects.
#[derive(Clone, Copy)]
pub(crate) struct Sql {
    pub pg: &'static str,
    pub sq: &'static str,
}

/// `sql!("shared" [pg " FOR UPDATE"] [sq ""] " shared")`
macro_rules! sql {
    (@ ($($p:expr),*) ($($s:expr),*)) => {
        $crate::sql::Sql { pg: concat!($($p),*), sq: concat!($($s),*) }
    };
    (@ ($($p:expr),*) ($($s:expr),*) [pg $x:expr] $($rest:tt)*) => { sql!(@ ($($p,)* $x) ($($s),*) $($rest)*) };
    (@ ($($p:expr),*) ($($s:expr),*) [sq $x:expr] $($rest:tt)*) => { sql!(@ ($($p),*) ($($s,)* $x) $($rest)*) };
    (@ ($($p:expr),*) ($($s:expr),*) $x:literal $($rest:tt)*) => { sql!(@ ($($p,)* $x) ($($s,)* $x) $($rest)*) };
    ($($t:tt)+) => { const { sql!(@ () () $($t)+) } };
}

/// `q!(db, fetch_optional as Row, SQL, binds...)` answers rows; `q!(db, SQL, binds...)` answers how many rows it changed.
macro_rules! q {
    ($db:expr, $method:ident as $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::sql::Sql = $sql;
        match $crate::tx::Db::conn($db) {
            $crate::tx::Conn::Pg(c) => sqlx::query_as::<_, $row>(sql.pg)$(.bind($bind))*.$method(&mut *c).await,
            $crate::tx::Conn::Sq(c) => sqlx::query_as::<_, $row>(sql.sq)$(.bind($bind))*.$method(&mut *c).await,
        }
    }};
    ($db:expr, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::sql::Sql = $sql;
        match $crate::tx::Db::conn($db) {
            $crate::tx::Conn::Pg(c) => {
                sqlx::query(sql.pg)$(.bind($bind))*.execute(&mut *c).await.map(|done| done.rows_affected())
            }
            $crate::tx::Conn::Sq(c) => {
                sqlx::query(sql.sq)$(.bind($bind))*.execute(&mut *c).await.map(|done| done.rows_affected())
            }
        }
    }};
}

pub(crate) use {q, sql};
