#![allow(missing_docs, clippy::unwrap_used)]
use std::sync::Arc; use std::time::{Duration, Instant};
use async_trait::async_trait;
use chat_eventlog::*; use chat_schema::*; use futures_util::StreamExt; use uuid::Uuid;
struct L(Arc<Vec<Recorded>>);
#[async_trait]
impl EventLog for L {
  async fn append(&self,_:ConversationId,_:u64,_:&[SealedEvent])->Append{unreachable!()}
  async fn read(&self,_:ConversationId,_:u64)->Result<Vec<Recorded>,LogError>{unreachable!()}
  fn subscribe(&self, after:Position)->Subscription{ let v=self.0.clone(); let n=v.len(); futures_util::stream::iter((after.get() as usize..n).map(move |i| Ok(v[i].clone()))).chain(futures_util::stream::pending()).boxed()}
  async fn end(&self)->Result<Position,LogError>{Ok(Position::new(self.0.len() as u64))}
  fn identity(&self)->LogIdentity{LogIdentity(Uuid::from_u128(1))}
  fn is_available(&self)->bool{true}
}
fn main(){
  let total: usize = std::env::args().nth(1).unwrap().parse().unwrap();
  let turns: usize = std::env::args().nth(2).unwrap().parse().unwrap();
  let convs = total/(turns*2);
  let mut heads = vec![Head::EMPTY; convs]; let mut all=Vec::with_capacity(total); let mut at=1_700_000_000_000u64;
  let text="lorem ipsum dolor sit amet ".repeat(8);
  for t in 0..turns { for half in 0..2 { for c in 0..convs {
    let s: SessionId = format!("visitor-{c}").parse().unwrap(); let m: MessageId=format!("m{t}").parse().unwrap(); at+=1;
    let e = if half==0 {Event::UserMessaged{message_id:m,session_id:s.clone(),content:text.clone(),owner:Uuid::nil().into()}} else {Event::AssistantReplied{in_reply_to:m,content:text.repeat(2),model:"gpt".into(),finish_reason:FinishReason::Stop,usage:None,timings:Timings{first_token_ms:1,total_ms:2}}};
    let sealed=SealedEvent::seal(heads[c],ConversationId::of(&s),Uuid::from_u128(all.len() as u128 *7919).into(),at,e); heads[c]=sealed.head();
    all.push(Recorded{position:Position::new(all.len() as u64+1),event:sealed});
  }}}
  let n=all.len(); let log=Arc::new(L(Arc::new(all)));
  let rt=tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
  rt.block_on(async {
    let dir=tempfile::tempdir().unwrap();
    let m=Arc::new(chat_projections::ReadModels::open(dir.path(),log.identity()).unwrap());
    let t=Instant::now(); tokio::spawn(m.clone().follow(log.clone()));
    m.caught_up(Position::new(n as u64),Duration::from_secs(600)).await;
    let d=t.elapsed(); println!("{n} events {convs} conversations {:.2?} = {:.0} events/s", d, n as f64/d.as_secs_f64());
    let size:u64=std::fs::read_dir(dir.path()).unwrap().map(|e|e.unwrap().metadata().unwrap().len()).sum(); println!("{} MB", size>>20);
    for (limit, deep) in [(100u32,false),(100,true)] {
      let mut cursor=None; if deep { for _ in 0..50 { cursor = m.conversations(200,cursor).await.unwrap().next_cursor.map(|c|c.parse().unwrap()); } }
      let t=Instant::now(); for _ in 0..500 { m.conversations(limit,cursor).await.unwrap(); } println!("page of {limit} deep={deep}: {:.1?}", t.elapsed()/500);
    }
    let t=Instant::now(); for c in 0..2000 { m.thread(ConversationId::of(&format!("visitor-{}",(c*7919)%convs).parse().unwrap())).await.unwrap().unwrap(); } println!("thread: {:.1?}", t.elapsed()/2000);
  });
  std::process::exit(0);
}
