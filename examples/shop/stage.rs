//! Everything around the shop: a local Partnero, the visitors, and somebody who looks into the outbox.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use axum_partnero::{Partnero, sandbox::Sandbox};
use tempfile::TempDir;

use crate::{
    books::{COMMISSION, PARTNER},
    child::ShopProcess,
    commissions::Commissions,
    html,
    outbox::Outbox,
    print::Printer,
    process,
    token::Token,
    walk::Walk,
};

/// Whether everything was as it must be.
pub async fn run(once: bool, postgres: Option<String>) -> Result<bool, Box<dyn Error>> {
    let talk = process::log();
    let mut asked_to_end = pin!(process::asked_to_end()?);

    let listener = process::listen(3001).await?;
    let data = Data::make(once, listener.local_addr()?.port())?;
    let sandbox = Sandbox::affiliate()
        .partner(PARTNER)
        .commission(COMMISSION)
        .api_key("sandbox-key")
        .program_id(html::PROGRAM_ID)
        .switch(|switches| switches.webhook_whole_seconds = true) // as in Partnero's examples
        .serve(listener)
        .await?;
    // The sandbox begins with nothing on its books, and so must the outbox. In a database that is there to stay, it has
    // a name of its own for that.
    let name = match postgres {
        Some(_) => format!("shop-{}", &Token::random()?.to_string()[..8]),
        None => String::from("partnero"),
    };
    let place = postgres.unwrap_or_else(|| data.path("partnero.db").display().to_string());

    // A deploy step: is the outbox there, and does Partnero take the key? This handle shares the outbox, and sends
    // nothing.
    let onlooker = Partnero::builder(sandbox.api_key()).base_url(sandbox.url()).program_id(html::PROGRAM_ID);
    let onlooker = Outbox::open(&place).await?.of_calls(onlooker.name(&name)).dispatch(false).build()?;
    onlooker.check().await?;
    let commissions = data.path("commissions.db");

    let settings = vec![
        ("PARTNERO_API_KEY", sandbox.api_key()),
        ("PARTNERO_BASE_URL", sandbox.url()),
        ("SHOP_OUTBOX", place.clone()),
        ("SHOP_OUTBOX_NAME", name.clone()),
        ("SHOP_FILE", data.path("shop.json").display().to_string()),
        ("SHOP_COMMISSIONS", commissions.display().to_string()),
    ];
    let mut shop = ShopProcess::start(settings).await?;
    let commissions = Commissions::open(&commissions).await?;

    let print = Printer::new();
    let walk = Walk::new(&mut shop, &onlooker, &commissions, &sandbox, &print).go();
    let walked = tokio::select! {
        walked = walk => Some(walked.inspect_err(|off| print.off(off)).is_ok()),
        () = &mut asked_to_end => None,
    };
    if walked.is_some() && !once {
        print.open(&shop.url, &sandbox, &place, &name);
        talk()?;
        shop.talk().await;
        tokio::select! {
            () = &mut asked_to_end => {}
            () = shop.ended() => print.line(format_args!("The shop's process has ended.")),
        }
    }

    let (ended_well, report) = shop.end().await?;
    print.report(&report, sandbox.ledger().owed_to(PARTNER));
    onlooker.shutdown(Duration::from_secs(1)).await;
    sandbox.shutdown().await;
    // To be ended during the walk is no failure, unless the walk was all that was asked for.
    Ok(walked.unwrap_or(!once) && ended_well)
}

/// What an earlier shop may have left.
const FILES: [&str; 7] = [
    "partnero.db",
    "partnero.db-wal",
    "partnero.db-shm",
    "commissions.db",
    "commissions.db-wal",
    "commissions.db-shm",
    "shop.json",
];

/// The folder of the shop's files.
enum Data {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Data {
    /// Without files of an earlier shop. Whoever has the port has the folder: several shops don't share one.
    fn make(once: bool, port: u16) -> io::Result<Self> {
        if once {
            return Ok(Self::Temporary(tempfile::tempdir()?));
        }
        let folder = if port == 3001 { String::from("target/shop") } else { format!("target/shop-{port}") };
        let folder = PathBuf::from(folder);
        fs::create_dir_all(&folder)?;
        for file in FILES {
            match fs::remove_file(folder.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(Self::Kept(folder))
    }

    fn path(&self, file: &str) -> PathBuf {
        let folder: &Path = match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        };
        folder.join(file)
    }
}
